import type { Acr } from '../azure/acr/client.ts';
import type { Applied, Lock, Target, TargetedImage } from '../coder/target.ts';
import { ConflictError, describe, ServiceError, StorageError } from '../errors.ts';
import { applyPolicy } from '../policy/policy.ts';
import { REASONS } from '../reasons.ts';
import type { ImageRecord, StoredImage } from '../records/image.ts';
import type { Images } from '../records/image-table.ts';
import { decideImport, NO_SUCH_TAG } from './decide.ts';
import { stillAwaited } from './decide-shown.ts';
import { readChild, readConfig } from './facts.ts';
import type { ImageToImport, Outcome } from './outcome.ts';
import type { ImportFacts, ImportStep, Withdraw } from './step.ts';
import type { UnderWay } from './under-way.ts';
import { waitsFor, watchedAcr } from './watched.ts';

export interface AttemptServices {
  acr: Acr;
  images: Images;
  target: Target;
  underWay: UnderWay;
  now: () => Date;
  /** The operating systems and platforms on which workspaces run. */
  runnable: readonly string[];
  /** An import that has not ended after this time counts as cut off. */
  leaseMs: number;
}

/** One attempt at an import. It collects facts as it goes on. */
export interface Attempt {
  image: ImageToImport;
  facts: ImportFacts;
  /** The stored record. */
  stored: StoredImage | undefined;
}

/** The facts before an attempt. */
export function beginAttempt(
  image: ImageToImport,
  stored: StoredImage | undefined,
  known: Pick<ImportFacts, 'inDoubt' | 'onlyToImport' | 'runnable' | 'now'>,
): Attempt {
  const { registry, pushedOn, awaited } = image;
  const verdict = applyPolicy(registry, image);
  const empty = { isLocked: false, children: new Map() };
  return { image, facts: { ...known, ...empty, verdict, record: stored, pushedOn, awaited }, stored };
}

/**
 * Takes step after step until there is an outcome; undefined when there is nothing to do. A refusal by a service is an
 * outcome too.
 *
 * @throws errors about the record itself, which no outcome can hold
 */
export async function carryOut(
  services: AttemptServices,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { facts } = attempt;
  if (signal.aborted) return { ...noTime(services, attempt), awaited: facts.awaited };
  try {
    return await walk(services, attempt, undefined, signal);
  } catch (error) {
    return { ...toOutcome(error), digest: facts.found?.digest, awaited: stillAwaited(facts) };
  }
}

/** Names what the imports waited for that this one had to wait for. */
function noTime({ underWay }: AttemptServices, { image }: Attempt): Outcome {
  const longest = underWay.longest(image.registry.name);
  return longest
    ? { reason: longest.reason, message: `Other imports used up the time: ${longest.call}.` }
    : { reason: 'coder-busy', message: 'Other imports of this repository used up the time.' };
}

/** @param lock absent until this attempt has it */
async function walk(
  services: AttemptServices,
  attempt: Attempt,
  lock: Lock | undefined,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { image, facts } = attempt;
  const { repository, tag } = image;
  const { loginServer } = image.registry;
  const source = { loginServer, repository, signal };
  const { target } = services;
  const acr = watchedAcr(services, image);
  const inTarget = <T>(call: string, work: () => Promise<T>) =>
    services.underWay.during(image.registry.name, waitsFor(image, 'coder-busy', target.host, call), work);
  for (;;) {
    const step = decideImport(facts);
    switch (step.do) {
      case 'read-manifest':
        facts.found = (await acr.getManifest(source, tag)) ?? null;
        break;
      case 'read-tag':
        facts.listed = (await acr.getTag(source, tag)) ?? null;
        break;
      case 'read-listed':
        facts.hasListed = (await acr.getManifest(source, step.digest)) !== undefined;
        break;
      case 'read-config':
        facts.config = { digest: step.digest, config: await readConfig(acr, source, step.digest) };
        break;
      case 'read-child':
        facts.children.set(step.digest, await readChild(acr, source, step.digest));
        break;
      case 'lock':
        return underLock(services, attempt, signal);
      case 'apply': {
        const apply = () => target.apply(wanted(attempt, step), lock as Lock, signal);
        return toApplied(await inTarget('offer it', apply), facts);
      }
      case 'withdraw':
        return inTarget('withdraw it', () => withdraw(target, attempt, step, lock as Lock, signal));
      case 'record':
        return { digest: facts.found?.digest, ...step };
      case 'nothing':
        return undefined;
    }
  }
}

/**
 * Goes on under a lock, so that no other worker changes the image in the target, and reads the registry again. A tag
 * that moves after that raises its own event; the import of that event finds the record pending, and waits.
 */
async function underLock(
  services: AttemptServices,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { image, facts } = attempt;
  await claim(services, attempt);
  return services.target.withLock(image, signal, async lock => {
    facts.isLocked = true;
    delete facts.found;
    delete facts.listed;
    delete facts.hasListed;
    return walk(services, attempt, lock, signal);
  });
}

/**
 * A final record must not go on saying what Coder has while that changes. It becomes pending, so that the sweep tries
 * the import again if it is cut off.
 */
async function claim({ images, now, leaseMs }: AttemptServices, attempt: Attempt): Promise<void> {
  const { stored, facts } = attempt;
  if (!stored || stored.state === 'pending') return;
  const { etag: _, remedy: _r, ...record } = stored;
  const reason = 'importing';
  const dueOn = new Date(now().getTime() + leaseMs);
  const { meaning: message } = REASONS[reason];
  const claimed: ImageRecord = { ...record, state: 'pending', reason, message, attempts: 0, dueOn };
  attempt.stored = { ...claimed, etag: await images.save(claimed, stored) };
  facts.record = attempt.stored;
}

function wanted(
  { image, facts }: Attempt,
  { digests, labels }: Extract<ImportStep, { do: 'apply' }>,
): Parameters<Target['apply']>[0] {
  const { requested = {}, pushedOn, isRetry, liftsHold } = image;
  return { ...targeted({ image, facts }), digests, labels, requested, pushedOn, isRetry, liftsHold };
}

/** The image, with the words of its rule; without them when the policy leaves it out. */
function targeted({ image, facts }: Pick<Attempt, 'image' | 'facts'>): TargetedImage {
  const { registry, repository, tag } = image;
  const { rule, pinned } = facts.verdict.action === 'import' ? facts.verdict : { pinned: false };
  return { registry, repository, tag, words: rule ?? {}, pinned };
}

function toApplied(applied: Applied, { found }: ImportFacts): Outcome {
  const { reason, memo } = applied;
  const known = { reason, digest: found?.digest, ...(memo && { memo }) };
  if (applied.state === 'waiting')
    return { ...known, message: applied.message, lookAgainOn: applied.lookAgainOn };
  const message = [applied.message ?? REASONS[reason].meaning, applied.note].filter(Boolean).join(' ');
  return { ...known, message, ...(applied.digest && { coderDigest: applied.digest }) };
}

async function withdraw(
  target: Target,
  attempt: Attempt,
  { reason, message, platforms }: Withdraw,
  lock: Lock,
  signal: AbortSignal,
): Promise<Outcome> {
  const digest = attempt.facts.found?.digest;
  const withdrawn = await target.withdraw(targeted(attempt), lock, signal);
  if (withdrawn.state === 'waiting') {
    const { state: _, ...waiting } = withdrawn;
    return { ...waiting, digest };
  }
  const isGone = reason === 'removed-from-coder';
  if (withdrawn.state === 'done') {
    const own =
      isGone && withdrawn.reason
        ? { reason: withdrawn.reason, message: REASONS[withdrawn.reason].meaning }
        : {};
    return { reason, message, digest, platforms, ...own, notInCoder: true };
  }
  return isGone
    ? { reason: withdrawn.reason ?? 'gone', message: `${NO_SUCH_TAG} ${withdrawn.note}` }
    : { reason, message: `${message} ${withdrawn.note}`, digest, platforms };
}

function toOutcome(error: unknown): Outcome {
  if (error instanceof StorageError || error instanceof ConflictError) throw error;
  if (!(error instanceof ServiceError)) {
    return { reason: 'internal-error', message: describe(error), stack: (error as Error)?.stack };
  }
  const { reason, message, remedy, retryAfterMs } = error;
  return { reason, message, remedy, retryAfterMs };
}
