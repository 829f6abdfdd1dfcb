/** The last lines of an import in Coder. */
export function LogLines({ lines }: { lines: readonly string[] | undefined }) {
  if (!lines || lines.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it.
    <pre class="log" tabIndex={0}>
      <code>{lines.join('\n')}</code>
    </pre>
  );
}
