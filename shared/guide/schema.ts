import * as z from 'zod';

export const Placeholder = z.strictObject({
  name: z.string().describe('A shell variable in commands; in YAML its value takes its place.'),
  meaning: z.string(),
  find: z.string().describe('The command that prints it, or those to choose from.'),
  default: z.string().optional().describe('What it is unless somebody chose otherwise.'),
  setBy: z
    .enum(['you', 'step'])
    .describe('Who gives it its value: you beforehand, or the first step to use it.'),
});
/** A name that the bridge cannot know. */
export type Placeholder = z.infer<typeof Placeholder>;

const Command = z.strictObject({
  when: z.string().optional().describe('The case in which to run it; absent: always.'),
  run: z.string(),
  expect: z.string().optional().describe('What it prints when all is well, … standing for what differs.'),
});
export type Command = z.infer<typeof Command>;

/** Its texts are Markdown. */
export const Step = z.strictObject({
  heading: z.string(),
  doneByAzd: z
    .literal(true)
    .optional()
    .describe('`azd up` has done it already for the registries that it was given.'),
  why: z.string(),
  values: z.string().optional().describe('What belongs in the values.yaml of Coder.'),
  commands: z.array(Command),
  troubles: z.array(z.strictObject({ sign: z.string(), meaning: z.string(), remedy: z.string() })).optional(),
});
export type Step = z.infer<typeof Step>;

/** How one registry is set up from end to end, in the order in which it is done. */
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
