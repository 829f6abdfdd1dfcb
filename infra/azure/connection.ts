import * as z from 'zod';
import { az } from './az.ts';

const Registry = z.object({
  name: z.string(),
  resourceId: z.string(),
  credentialKind: z.string(),
  appId: z.string().optional(),
  organizationId: z.string().optional(),
  existingSystemTopic: z.string().optional(),
});
export type Registry = z.infer<typeof Registry>;

/** The parameters of connect.bicep that these programs use. */
const Parameters = z.looseObject({
  registries: z.array(Registry.loose()),
  bridgePrincipalId: z.string(),
  coderPrincipalId: z.string(),
  functionAppId: z.string(),
  eventsTopicId: z.string(),
  location: z.string(),
});

const Outputs = z.object({
  AZURE_RESOURCE_GROUP: z.string(),
  BRIDGE_APP_NAME: z.string(),
  BRIDGE_URL: z.string(),
  BRIDGE_VAULT_NAME: z.string(),
  BRIDGE_CONNECTION: z
    .union([z.string().transform(text => JSON.parse(text) as unknown), z.looseObject({})])
    .pipe(Parameters),
});
/** The outputs of main.bicep. */
export type Outputs = z.infer<typeof Outputs>;

const Deployed = z.record(z.string(), z.object({ value: z.unknown() }));

/**
 * Reads the outputs of main.bicep from the environment, where azd puts them, or from a deployment in Azure.
 * @param deployment name of that deployment
 * @returns undefined when nothing was deployed
 * @throws Error when they are not those of main.bicep
 * @throws AzError
 */
export async function readOutputs(
  environment: Readonly<Record<string, string | undefined>>,
  deployment: string | undefined,
): Promise<Outputs | undefined> {
  if (deployment === undefined) {
    return environment.BRIDGE_CONNECTION ? parse(environment) : undefined;
  }
  const query = ['--name', deployment, '--query', 'properties.outputs', '--output', 'json'];
  const outputs = Deployed.parse(JSON.parse(await az('deployment', 'sub', 'show', ...query)));
  // Resource Manager changes the case of output names.
  const entries = Object.entries(outputs).map(([name, { value }]) => [name.toUpperCase(), value]);
  return parse(Object.fromEntries(entries));
}

function parse(given: unknown): Outputs {
  const parsed = Outputs.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = z.prettifyError(parsed.error);
  throw new Error(`These are not the outputs of infra/azure/main.bicep. Deploy it again:\n${faults}`);
}

/** The error when outputs are needed and there are none. */
export const NO_OUTPUTS =
  "There is no deployment in the environment. Run this with azd's environment, as docs/deploy-on-azure.md shows, or name the deployment of main.bicep with --deployment.";

/** Subscription, resource group and name from a resource id. */
export function placeOf(resourceId: string): { subscription: string; group: string; name: string } {
  const [, , subscription = '', , group = ''] = resourceId.split('/');
  return { subscription, group, name: resourceId.split('/').at(-1) ?? '' };
}

/** The name that connect.bicep uses. */
export function systemTopicOf({ resourceId, existingSystemTopic }: Registry): string {
  return existingSystemTopic ?? `coder-acr-bridge-${placeOf(resourceId).name}`.slice(0, 50);
}
