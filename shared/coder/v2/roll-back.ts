import { RefusedError } from '../../errors.ts';
import { offerOf } from './catalog/compose.ts';
import type { V2Client } from './client.ts';
import { textOf, valuesOf } from './facts.ts';
import type { FoundTemplate } from './found-template.ts';
import { hold, holdTakenBack } from './held.ts';
import { isOwn } from './own-versions.ts';
import { noteActive, type Rollout } from './rollout.ts';
import type { CoderTemplate, CoderVariable, CoderVersion } from './schema.ts';
import { isSameImage } from './value.ts';

/**
 * Promotes the version that was active before, or the one that is named, and holds the images that were active.
 * What was pushed and was never active is not held.
 * @throws RefusedError `not-found`
 * @throws ServiceError
 */
export async function rollBackTo(
  coder: V2Client,
  rollout: Rollout,
  found: FoundTemplate,
  to: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { template, variables } = found;
  noteActive(rollout, template.active_version_id);
  const version =
    to === undefined
      ? await versionBefore(coder, rollout, found, signal)
      : await versionNamed(coder, rollout, found, to, signal);
  const given = await coder.listVariables(version.id, signal);
  if (version.archived) await coder.unarchive(version.id, signal);
  await coder.promote(template.id, version.id, signal);
  takeBack(rollout, variables, given, rollout.actives.includes(version.id));
  noteActive(rollout, version.id);
}

async function versionBefore(
  coder: V2Client,
  { actives }: Rollout,
  { template }: FoundTemplate,
  signal: AbortSignal,
): Promise<CoderVersion> {
  for (const id of actives.slice(0, -1).reverse()) {
    const version = await coder.getVersion(id, signal);
    if (version && canBePromoted(version, template)) return version;
  }
  const message = `No other version of ${template.name} was active before, as far as the bridge knows.`;
  throw new RefusedError('not-found', message);
}

/** Of people's versions the bridge does not know whether they were active. */
async function versionNamed(
  coder: V2Client,
  rollout: Rollout,
  { template }: FoundTemplate,
  to: string,
  signal: AbortSignal,
): Promise<CoderVersion> {
  const byId = /^[0-9a-f-]{36}$/i.test(to) ? await coder.getVersion(to, signal) : undefined;
  const version = byId ?? (await coder.findVersion(template.id, to, signal));
  if (!version || !canBePromoted(version, template)) {
    const what = version ? 'version of that name whose import succeeded:' : 'version';
    throw new RefusedError('not-found', `The template ${template.name} has no ${what} ${to}.`);
  }
  if (rollout.actives.includes(version.id) || !isOwn(version, await coder.me(signal))) return version;
  const given = await coder.listVariables(version.id, signal);
  if (Object.values(valuesOf({ variables: given })).some(value => wasPromoted(rollout, value)))
    return version;
  throw new RefusedError('not-found', `The version ${to} of ${template.name} was never active.`);
}

function canBePromoted({ template_id, job }: CoderVersion, { id }: CoderTemplate): boolean {
  return job.status === 'succeeded' && (!template_id || template_id === id);
}

/** Whether the bridge promoted a version with this value. */
function wasPromoted({ past }: Rollout, value: string | undefined): boolean {
  return past.some(old => !old.replacedOn && isSameImage(old.value, value));
}

/** @param isBack whether the version with the given variables was active before */
function takeBack(
  rollout: Rollout,
  had: readonly CoderVariable[],
  given: readonly CoderVariable[],
  isBack: boolean,
): void {
  const { wishes, held } = rollout;
  for (const [variable, wish] of Object.entries(wishes)) {
    const [before, now] = [had, given].map(variables => textOf({ variables }, variable));
    held[variable] = (held[variable] ?? []).filter(value => !isSameImage(value, now));
    const isOurs = isSameImage(wish.value, before) || (isBack && wasPromoted(rollout, before));
    if (isOurs && !isSameImage(before, now)) hold(rollout, { [variable]: before as string });
    if (held[variable]?.length === 0) delete held[variable];
  }
  for (const variable of Object.keys(rollout.catalogs)) takeBackCatalog(rollout, variable, had, given);
}

/** Each image is held that was offered and is not any more, and the rest until another one is wished for. */
function takeBackCatalog(
  rollout: Rollout,
  variable: string,
  had: readonly CoderVariable[],
  given: readonly CoderVariable[],
): void {
  const [before, now] = [had, given].map(variables => textOf({ variables }, variable));
  if (before === undefined || before === now) return;
  holdTakenBack(rollout, variable, now, before);
  const catalog = rollout.catalogs[variable] ?? {};
  const offer = offerOf({ catalog, held: rollout.held[variable] ?? [] });
  hold(rollout, { [variable]: offer });
  rollout.named[variable] = offer;
}
