import * as z from 'zod';
import { composeCatalog, offerOf } from '../../coder/v2/catalog/compose.ts';
import { formatCatalog, parseCatalog } from '../../coder/v2/catalog/value.ts';
import { textOf } from '../../coder/v2/facts.ts';
import { isHeld } from '../../coder/v2/held.ts';
import type { Rollout } from '../../coder/v2/rollout.ts';
import type { TemplateState } from '../../coder/v2/templates.ts';
import { Time } from './fields.ts';

const Values = z.record(z.string(), z.string());

export const TemplateView = z.strictObject({
  organization: z.string(),
  template: z.string(),
  exists: z.boolean().describe('Whether Coder shows the bridge the template.'),
  active: z
    .strictObject({
      version: z.string(),
      createdOn: Time,
      createdBy: z.string(),
      variables: Values.describe('What the variables that the bridge sets hold.'),
    })
    .optional(),
  wanted: Values.describe(
    'What each variable is to name, by the newest pushes and the rules. Without those that are held, which stay as they are.',
  ),
  building: z
    .strictObject({
      version: z.string(),
      state: z
        .enum(['building', 'ready'])
        .describe('`ready`: it is built and verified, and waits for a person to promote it.'),
      since: Time,
      values: Values,
      log: z
        .array(z.string())
        .optional()
        .describe('The last lines of its import in Coder; only in answers with one template.'),
    })
    .optional()
    .describe('The version that is being built, or waits for a person to promote it.'),
  held: z
    .record(z.string(), z.array(z.string()))
    .describe('What a person took back from each variable; it stays away until another digest is pushed.'),
  failed: z.strictObject({ reason: z.string(), message: z.string() }).optional(),
  outdatedWorkspaces: z
    .int()
    .optional()
    .describe('Workspaces of other versions than the active one; absent where the token may not count them.'),
  versions: z
    .array(
      z.strictObject({
        version: z.string(),
        createdOn: Time,
        createdBy: z.string(),
        message: z.string().optional(),
        state: z
          .string()
          .describe('Of its import: `succeeded`, `running`, `failed` and so on, as Coder says.'),
        isActive: z.boolean(),
      }),
    )
    .optional()
    .describe('The last ones, the newest first; only in answers with one template.'),
});

export function templateView({ organization, template, rollout, found, outdated, detail }: TemplateState) {
  const { wishes, catalogs, building, held, failed } = rollout;
  const offered = Object.keys(catalogs).map(name => catalogOf(rollout, name, found));
  const wanted = [
    ...wantedImages(rollout),
    ...offered.filter(([name, , offer]) => !isHeld(held, name, offer)),
  ];
  const isOurs = (name: string) => name in wishes || name in catalogs;
  const variables = (found?.variables ?? []).filter(({ name }) => isOurs(name));
  return {
    organization: organization.name,
    template,
    exists: found !== undefined,
    active: found?.active && {
      version: found.active.name,
      createdOn: found.active.created_at,
      createdBy: found.active.created_by.username,
      variables: Object.fromEntries(variables.map(({ name, value }) => [name, value])),
    },
    wanted: Object.fromEntries(wanted.map(([name, value]) => [name, value])),
    building: building && {
      version: building.name,
      state: building.isReady ? 'ready' : 'building',
      since: building.since,
      values: building.values,
      log: detail?.log,
    },
    held,
    failed: failed && { reason: failed.reason, message: failed.message },
    outdatedWorkspaces: outdated,
    versions: detail?.versions.map(({ id, name, created_at, created_by, message, job }) => ({
      version: name,
      createdOn: created_at,
      createdBy: created_by.username,
      message: message || undefined,
      state: job.status,
      isActive: id === found?.template.active_version_id,
    })),
  };
}

/** What each variable is to name that names one image: nothing while a person keeps that away. */
export function wantedImages({ wishes, held }: Rollout): (readonly [name: string, value: string])[] {
  const named = Object.entries(wishes).map(([name, { value }]) => [name, value] as const);
  return named.filter(([name, value]) => !isHeld(held, name, value));
}

/** Without what only stays because it is in use: that takes more questions to Coder. */
function catalogOf(
  { catalogs, held }: Rollout,
  name: string,
  found: TemplateState['found'],
): readonly [name: string, value: string, offer: string] {
  const shown = parseCatalog(textOf(found, name)) ?? [];
  const facts = { catalog: catalogs[name] ?? {}, held: held[name] ?? [], shown };
  return [name, formatCatalog(composeCatalog(facts, () => false)), offerOf(facts)];
}
