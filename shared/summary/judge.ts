import { endsSoon } from '../credentials/renewal.ts';
import { REASONS } from '../reasons.ts';
import type { Registry } from '../records/registry.ts';
import type { Summary } from '../records/summary.ts';
import { nextCountOn } from './count.ts';

/** How well it is: nothing to do, something to look at, or pushes do not arrive. */
export const LIGHTS = ['green', 'amber', 'red'] as const;
export type Light = (typeof LIGHTS)[number];

/** One cause why it is not green. */
export interface Cause {
  light: Exclude<Light, 'green'>;
  /** A stable word for programs. */
  reason: string;
  message: string;
  remedy?: string | undefined;
}

export interface RegistryFacts {
  registry: Registry;
  /** undefined when it was not counted yet. */
  summary: Summary | undefined;
  now: Date;
}

/** The tenth attempt is 20 to 40 minutes after the push; until then a service may just be away for a moment. */
const LATE_MS = 20 * 60_000;
/** A timer that runs each minute has stopped when its work is this old. */
const STOPPED_MS = 60 * 60_000;

/** The worst of the causes. */
export function lightOf(causes: readonly Cause[]): Light {
  if (causes.some(({ light }) => light === 'red')) return 'red';
  return causes.length > 0 ? 'amber' : 'green';
}

/** Why a registry is not green, the worst first. */
export function judgeRegistry(facts: RegistryFacts): Cause[] {
  const causes = [...judgeCredential(facts), ...judgeImages(facts), ...judgeTimer(facts)];
  return causes.sort((one, other) => LIGHTS.indexOf(other.light) - LIGHTS.indexOf(one.light));
}

function judgeCredential({ registry: { name, rotation }, now }: RegistryFacts): Cause[] {
  const { current, refusedSince, lastResult } = rotation;
  const seeCredential = `See GET /api/registries/${name}/diagnostics.`;
  const causes: Cause[] = [];
  if (refusedSince) {
    const message = `The registry has refused the credential of Coder since ${refusedSince.toISOString()}.`;
    causes.push({ light: 'red', reason: 'credential-refused', message, remedy: seeCredential });
  }
  if (lastResult?.outcome === 'failed') {
    const { reason, message, remedy = seeCredential } = lastResult;
    causes.push({ light: 'red', reason, message: `The last rotation failed: ${message}`, remedy });
  }
  if (current && endsSoon(current, now)) {
    const { expiresOn = now } = current;
    const hasEnded = expiresOn <= now;
    causes.push({
      light: hasEnded ? 'red' : 'amber',
      reason: hasEnded ? 'credential-ended' : 'credential-ends-soon',
      message: `The credential of Coder ${hasEnded ? 'ended' : 'ends'} on ${expiresOn.toISOString()}.`,
      remedy: `PUT the registry with a new credential, or POST /api/registries/${name}/rotate.`,
    });
  }
  return causes;
}

function judgeImages({ registry, summary, now }: RegistryFacts): Cause[] {
  const { name, suspended } = registry;
  const causes: Cause[] = [];
  if (suspended) {
    const { meaning, remedy } = REASONS.suspended;
    causes.push({ light: 'amber', reason: 'suspended', message: meaning, remedy });
  }
  causes.push(...judgeReasons(summary), ...judgeRules(registry));
  const failed = summary?.images.filter(({ state }) => state === 'failed') ?? [];
  if (failed.length > 0) {
    const reasons = failed.map(({ reason, count }) => `${reason} ${count}`).join(', ');
    const remedy = `See GET /api/images?registry=${name}&state=failed: each image has its remedy.`;
    causes.push({ light: 'amber', reason: 'images-failed', message: `Images failed: ${reasons}.`, remedy });
  }
  const oldest = summary?.oldestWaitingPushedOn;
  if (oldest && now.getTime() - oldest.getTime() > LATE_MS) {
    const message = `An image has waited since its push on ${oldest.toISOString()}.`;
    const remedy = `See GET /api/images?registry=${name}&state=pending: each image has its reason.`;
    causes.push({ light: 'amber', reason: 'images-wait', message, remedy });
  }
  return causes;
}

/** Reasons that concern every image of a registry, or a rule: one record of them is enough to look at it. */
const STOPS = [
  { state: 'pending', reason: 'coder-unavailable', verb: 'wait' },
  { state: 'skipped', reason: 'no-template', verb: 'go nowhere' },
] as const;

function judgeReasons(summary: Summary | undefined): Cause[] {
  return STOPS.flatMap(({ state, reason, verb }) => {
    const found = summary?.images.find(image => image.state === state && image.reason === reason);
    if (!found) return [];
    const { meaning, remedy } = REASONS[reason];
    return [{ light: 'amber', reason, message: `Images ${verb}: ${found.count}. ${meaning}`, remedy }];
  });
}

/** Where some images go to templates of Coder v2, each rule that imports must say to which. */
function judgeRules({ templates, policy: { rules } }: Registry): Cause[] {
  if (templates || !rules.some(rule => rule.templates)) return [];
  const numbers = rules.flatMap(({ action, templates: own }, i) =>
    action === 'exclude' || own ? [] : [i + 1],
  );
  if (numbers.length === 0) return [];
  const message = `Rules of the policy say to no template, so that their images go nowhere: ${numbers.join(', ')}.`;
  const { remedy } = REASONS['no-template'];
  return [{ light: 'amber', reason: 'rule-without-template', message, remedy }];
}

function judgeTimer({ registry: { name }, summary, now }: RegistryFacts): Cause[] {
  const causes: Cause[] = [];
  const { state, message } = summary?.reconciliation ?? {};
  if (state === 'failed') {
    const remedy = `See GET /api/registries/${name}/reconciliation.`;
    const text = `The last reconciliation failed: ${message ?? 'it does not say why.'}`;
    causes.push({ light: 'red', reason: 'reconciliation-failed', message: text, remedy });
  }
  if (summary && now.getTime() - nextCountOn(summary).getTime() > STOPPED_MS) {
    const text = 'The timer `reconcile`, which runs each minute, has not run for an hour.';
    const remedy = 'See whether the app runs, and the log of its function `reconcile`.';
    causes.push({ light: 'red', reason: 'timer-stopped', message: text, remedy });
  }
  return causes;
}
