import { composeCatalogs } from './catalog/compose-round.ts';
import { textOf, type VersionFact, valuesOf, wishedOf } from './facts.ts';
import { hold, holdTakenBack, letGo } from './held.ts';
import { readTemplate } from './read-facts.ts';
import { type Building, remember } from './rollout.ts';
import { type Round, templateOf } from './round.ts';
import { isSameImage } from './value.ts';

export function noteNamed({ rollout, facts }: Round): void {
  const has = valuesOf(facts.active as VersionFact);
  for (const [name, value] of Object.entries(facts.wanted)) {
    if (isSameImage(has[name], value)) rollout.named[name] = wishedOf(facts, name);
  }
}

/** Of a catalog each image is held that the active version lacks, and the rest until another one is wished for. */
export async function takeBack(round: Round, values: Readonly<Record<string, string>>): Promise<void> {
  const { rollout, facts } = round;
  hold(rollout, values);
  const catalogs = Object.keys(values).filter(name => name in rollout.catalogs);
  if (catalogs.length === 0) return;
  for (const name of catalogs) holdTakenBack(rollout, name, textOf(facts.active, name));
  await composeCatalogs(round);
  for (const name of catalogs) {
    const offer = wishedOf(facts, name);
    hold(rollout, { [name]: offer });
    rollout.named[name] = offer;
  }
}

export async function restore(round: Round, versionId: string): Promise<void> {
  const { activeVersionId } = templateOf(round.facts);
  await promote(round, versionId);
  round.rollout.takenBackTo = activeVersionId;
}

/** Coder has no condition on a promotion, so the template is read once more right before. */
export async function promote(round: Round, versionId: string): Promise<void> {
  const { facts, options, signal } = round;
  const before = templateOf(facts);
  const now = await readTemplate(round);
  facts.template = now;
  if (now?.activeVersionId !== before.activeVersionId) return;
  await options.coder.promote(before.id, versionId, signal);
  // Only what Coder shows then counts.
  delete facts.template;
}

export function notePromoted(round: Round, ours: VersionFact): void {
  const { rollout, facts, options } = round;
  round.hasPromoted = true;
  const { values, before, since: begunOn } = rollout.building as Building;
  const { id: versionId, createdOn, importedOn } = ours;
  const importMs = importedOn && importedOn.getTime() - createdOn.getTime();
  const times = {
    createdOn,
    begunOn,
    promotedOn: options.now(),
    ...(importMs !== undefined && { importMs }),
  };
  const isUntried = options.canary && facts.isDeprecated && !rollout.building?.canary?.verdict?.isReady;
  const warning =
    'The template is deprecated, so that Coder started no workspace to try the image before its promotion.';
  rollout.last = { versionId, ...times, ...(isUntried && { warning }) };
  remember(rollout, Object.values(values));
  remember(rollout, Object.values(before), times.promotedOn);
  // Another digest of these was pushed.
  const changed = Object.keys(values).filter(name => !isSameImage(values[name], before[name]));
  for (const name of changed) {
    letGo(rollout, name);
    delete rollout.canaryFailed[name];
  }
  for (const name of Object.keys(values)) delete rollout.suspects[name];
  delete rollout.building;
  delete rollout.failed;
  delete facts.ours;
}
