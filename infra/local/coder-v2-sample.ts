import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CoderV2StandIn } from './stand-ins/coder-v2/coder-v2.ts';

/** The template that images of the sample registry go to. */
export const SAMPLE_TEMPLATE = 'kubernetes';
const YEAR_SECONDS = 365 * 86_400;
const SOURCE = join(import.meta.dirname, 'templates', 'kubernetes', 'main.tf');

/** Who may do what in the Coder of the sample. */
export interface SampleCoder {
  /** Of the bridge, which may change templates and nothing else. */
  token: string;
  /** Of the owner, for trying things out. */
  ownerToken: string;
  organizationId: string;
}

/** Gives Coder an owner, a user for the bridge, and a template pushed by the owner. */
export async function setUpSampleCoder(coder: CoderV2StandIn): Promise<SampleCoder> {
  const { people, controls } = coder;
  people.add({ username: 'owner', roles: ['owner'] });
  people.add({ username: 'acr-bridge', roles: ['organization-template-admin'] });
  const files = { 'main.tf': await readFile(SOURCE, 'utf8') };
  controls.pushTemplate({ template: SAMPLE_TEMPLATE, files, variables: { namespace: 'coder' } });
  while (sampleTemplate(coder) === undefined) await delay(20);
  const token = people.token('acr-bridge', { tokenName: 'acr-bridge', lifetimeSeconds: YEAR_SECONDS });
  return { token, ownerToken: people.token('owner'), organizationId: 'default' };
}

/** The sample template as it is now; undefined until its first import has ended. */
export function sampleTemplate(
  coder: CoderV2StandIn,
): { id: string; name: string; activeVersionId: string } | undefined {
  const found = coder.state().templates.find(({ settings }) => settings.name === SAMPLE_TEMPLATE);
  return found && { id: found.id, name: SAMPLE_TEMPLATE, activeVersionId: found.activeVersionId };
}
