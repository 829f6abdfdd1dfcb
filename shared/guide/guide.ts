import * as z from 'zod';
import type { DeclaredCredential } from '../credentials/kinds.ts';
import type { Registry } from '../records/registry.ts';
import type { Settings } from '../settings.ts';
import { letBridgeRead, seeItArrive, sendEvents } from './bridge.ts';
import { adminSteps, entraIdentitySteps, servicePrincipalSteps, tokenSteps } from './issued.ts';
import { managedIdentitySteps } from './managed-identity.ts';
import { usedPlaceholders } from './placeholders.ts';
import { staticSteps } from './static.ts';

const Placeholder = z.strictObject({
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
const Step = z.strictObject({
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

/** What a guide is made from beside the registry. */
export interface GuideContext {
  settings: Pick<Settings, 'ARM_AUDIENCE' | 'CODER_URL'>;
  /** Of the bridge's user-assigned identity; undefined when it has the system-assigned one. */
  clientId: string | undefined;
  /** Where the bridge is called, without a trailing slash. */
  bridgeUrl: string;
}

/** How Coder comes by the credential. A new kind is one more line here, and one more file. */
const STEPS: Record<DeclaredCredential['kind'], (registry: Registry, context: GuideContext) => Step[]> = {
  static: staticSteps,
  'managed-identity': managedIdentitySteps,
  admin: adminSteps,
  'service-principal': servicePrincipalSteps,
  'entra-identity': entraIdentitySteps,
  token: tokenSteps,
};

/** Coder's own guide to ACR (https://coder.com/docs), filled in for one registry. No secret is in it. */
export function setupGuide(registry: Registry, context: GuideContext): SetupGuide {
  const { name, loginServer, credential } = registry;
  const steps = [
    letBridgeRead(registry, context),
    sendEvents(registry),
    ...STEPS[credential.kind](registry, context),
    seeItArrive(registry, context),
  ];
  return {
    title: `Set up ${loginServer} for Coder`,
    registry: name,
    loginServer,
    credentialKind: credential.kind,
    about: `From an Azure Container Registry to workspaces in Coder, for the registry that the bridge knows as ${name}. Run the commands in one shell, in this order, signed in with \`az login\` as somebody who may assign roles. Running one of them again does no harm, unless its step says so.`,
    placeholders: usedPlaceholders(steps, context),
    steps,
  };
}
