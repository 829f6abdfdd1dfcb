/** esbuild (package.json) and Vitest (vitest.config.ts) give a Markdown file as its text. */
declare module '*.md' {
  const text: string;
  export = text;
}
