import * as z from 'zod';

export const Placeholder = z.strictObject({
  name: z.string().describe('A shell variable in commands; in YAML, replace it with its value.'),
  meaning: z.string(),
  find: z.string().describe('The command that prints it, or a list to choose from.'),
  default: z.string().optional().describe('The usual value.'),
  setBy: z
    .enum(['you', 'step'])
    .describe('Who sets it: you, before you start, or the first step that uses it.'),
});
/** A name that the bridge cannot know. */
export type Placeholder = z.infer<typeof Placeholder>;

const Command = z.strictObject({
  when: z.string().optional().describe('When to run it; absent: always.'),
  run: z.string(),
  expect: z.string().optional().describe('What it prints on success; … stands for parts that vary.'),
});
export type Command = z.infer<typeof Command>;

/** One step of the guide. Its texts are Markdown. */
export const Step = z.strictObject({
  heading: z.string(),
  doneByAzd: z
    .literal(true)
    .optional()
    .describe('`azd up` did it already for the registries that it connected.'),
  why: z.string(),
  values: z.string().optional().describe("What to add to Coder's values.yaml."),
  diff: z.string().optional().describe('What to change in the source of the template, as a unified diff.'),
  commands: z.array(Command),
  troubles: z.array(z.strictObject({ sign: z.string(), meaning: z.string(), remedy: z.string() })).optional(),
});
export type Step = z.infer<typeof Step>;

/** The steps that set up one registry from end to end, in order. */
export const SetupGuide = z.strictObject({
  title: z.string(),
  registry: z.string(),
  loginServer: z.string(),
  credentialKind: z.string(),
  about: z.string(),
  placeholders: z.array(Placeholder),
  steps: z.array(Step),
});
export type SetupGuide = z.infer<typeof SetupGuide>;
