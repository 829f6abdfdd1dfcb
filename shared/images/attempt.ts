import type { Acr, ImageSource } from '../azure/acr.ts';
import { defaultsFromLabels, mergeDefaults } from '../coder/classic/defaults.ts';
import type { Target } from '../coder/target.ts';
import { ConflictError, describe, ServiceError, StorageError } from '../errors.ts';
import { applyPolicy, type ImageDefaults, type Rule } from '../policy/policy.ts';
import type { Reference } from '../policy/reference.ts';
import { type ImageReason, REASONS } from '../reasons.ts';
import type { HeardBy, ImageRecord } from '../records/image.ts';
import type { Images } from '../records/images.ts';
import type { Registry } from '../records/registry.ts';
import { decideImport, type ImportAction, type ImportFacts, NO_SUCH_TAG } from './decide.ts';
import { classifyManifest, ImageConfig } from './manifest.ts';
import type { Outcome } from './outcome.ts';

export interface AttemptServices {
  acr: Acr;
  images: Images;
  target: Target;
  now: () => Date;
}

/** A tag that is to be imported as the registry's record says now. */
export interface ImageToImport extends Reference {
  registry: Registry;
  /** The latest push that we heard of. */
  pushedOn: Date;
  heardBy: HeardBy;
  /** What somebody asked for who imported it by hand. */
  requested?: ImageDefaults;
}

/** What is known before an attempt. */
export interface Known {
  record: ImageRecord | undefined;
  /** What the record says of Coder need not be true any more. */
  inDoubt: boolean;
  /** Nothing is removed from Coder. */
  onlyToImport: boolean;
  /** Called before anything is changed in Coder. */
  beforeActing(): Promise<void>;
}

/** What an attempt came to, and on what it was decided. */
export interface Attempt {
  facts: ImportFacts;
  /** Absent when there was nothing to do. What a service refuses is an outcome too. */
  outcome?: Outcome;
}

/** Looks, decides and acts once. */
export async function attempt(
  services: AttemptServices,
  image: ImageToImport,
  { record, inDoubt, onlyToImport, beforeActing }: Known,
  signal: AbortSignal,
): Promise<Attempt> {
  const { registry, repository, tag, pushedOn } = image;
  const verdict = applyPolicy(registry, image);
  const facts: ImportFacts = { verdict, record, inDoubt, pushedOn, now: services.now() };
  if (signal.aborted) return { facts, outcome: NO_TIME };
  const source = { loginServer: registry.loginServer, repository, signal };
  try {
    if (verdict.action === 'import') facts.found = await services.acr.getManifest(source, tag);
    const action = await decide(services, facts, source);
    if (action.do === 'nothing') return { facts };
    if (action.do === 'record') return { facts, outcome: { ...action, digest: facts.found?.digest } };
    if (action.do === 'remove' && onlyToImport) return { facts, outcome: notRemoved(action) };
    await beforeActing();
    const outcome =
      action.do === 'forward'
        ? await forward(services, image, facts, action.digests, source)
        : await remove(services, image, facts, action, source);
    return { facts, outcome };
  } catch (error) {
    return { facts, outcome: { ...toOutcome(error), digest: facts.found?.digest } };
  }
}

const NO_TIME: Outcome = {
  reason: 'coder-busy',
  message: 'Other imports of this repository took all the time there was.',
};

/** Why an image is not imported that is left in Coder for now. */
function notRemoved({ reason, message }: Extract<ImportAction, { do: 'remove' }>): Outcome {
  return reason === 'removed-from-coder' ? { reason: 'gone', message: NO_SUCH_TAG } : { reason, message };
}

/** Decides, and reads the image's configuration if that takes it. */
async function decide(
  { acr }: Pick<AttemptServices, 'acr'>,
  facts: ImportFacts,
  source: ImageSource,
): Promise<Exclude<ImportAction, { do: 'read-config' }>> {
  const action = decideImport(facts);
  if (action.do !== 'read-config') return action;
  facts.config = await readConfig(acr, source, action.digest);
  return decide({ acr }, facts, source);
}

async function forward(
  services: AttemptServices,
  image: ImageToImport,
  facts: ImportFacts,
  digests: [string, ...string[]],
  source: ImageSource,
): Promise<Outcome> {
  const { acr, images, target } = services;
  const { registry, repository, tag, pushedOn } = image;
  const { rule, pinned } = importVerdictOf(facts);
  const config = facts.config ?? (await configOfIndex(acr, source, facts.found?.manifest));
  const isCurrent = async () => (await acr.getManifest(source, tag))?.digest === digests[0];
  const wanted = {
    ...{ registry, repository, tag, digests, isCurrent },
    defaults: mergeDefaults(
      image.requested,
      rule?.defaults,
      defaultsFromLabels(config?.config?.Labels ?? {}),
    ),
    defaultTag: rule?.defaultTag ?? 'first',
    pinned,
    // Pushes that we never heard of, such as those before the bridge, are older than any that we did.
    isNewerThan: async (other: string) => {
      const record = await images.get(registry.name, { repository, tag: other });
      return !record || pushedOn >= record.pushedOn;
    },
  };
  const { reason, pinnedDefault, ...inCoder } = await target.forward(wanted, source.signal);
  // A push that came meanwhile may have found the old record still true, and have done nothing.
  if (!(await isCurrent())) throw new ConflictError('The tag has moved on.');
  const message = REASONS[reason].meaning;
  const said = pinnedDefault
    ? `${message} The default tag stays ${pinnedDefault}, as it is pinned.`
    : message;
  return { reason, message: said, digest: digests[0], ...inCoder };
}

async function remove(
  { acr, target }: AttemptServices,
  { registry, repository, tag }: ImageToImport,
  facts: ImportFacts,
  { reason, message }: { reason: ImageReason; message: string },
  source: ImageSource,
): Promise<Outcome> {
  const { rule, pinned } = importVerdictOf(facts);
  const digest = facts.found?.digest;
  const isUnwanted = async () =>
    facts.verdict.action === 'skip' || (await acr.getManifest(source, tag))?.digest === digest;
  const image = { registry, repository, tag, defaultTag: rule?.defaultTag ?? 'first', pinned, isUnwanted };
  if ((await target.remove(image, source.signal)) === 'removed')
    return { reason, message, digest, notInCoder: true };
  const kept = "Coder keeps it as the image's default tag, which is pinned.";
  return reason === 'removed-from-coder'
    ? { reason: 'gone', message: `${NO_SUCH_TAG} ${kept}` }
    : { reason, message: `${message} ${kept}`, digest };
}

/** What the policy says of an image that it lets through; of others, nothing. */
function importVerdictOf({ verdict }: ImportFacts): { rule?: Rule; pinned: boolean } {
  return verdict.action === 'import' ? verdict : { pinned: false };
}

async function readConfig(acr: Acr, source: ImageSource, digest: string): Promise<ImageConfig> {
  return ImageConfig.safeParse(await acr.getConfig(source, digest)).data ?? {};
}

/** The labels of an index are those of one of its images; linux/amd64 is what workspaces mostly run on. */
async function configOfIndex(
  acr: Acr,
  source: ImageSource,
  index: unknown,
): Promise<ImageConfig | undefined> {
  const manifest = classifyManifest(index);
  if (manifest.kind !== 'index') return undefined;
  const chosen = manifest.images.find(({ platform }) => platform === 'linux/amd64') ?? manifest.images[0];
  const child = chosen && (await acr.getManifest(source, chosen.digest));
  const image = child && classifyManifest(child.manifest);
  return image?.kind === 'image' ? readConfig(acr, source, image.configDigest) : undefined;
}

/** @throws what no record can tell, since it is about the record itself */
function toOutcome(error: unknown): Outcome {
  if (error instanceof StorageError || error instanceof ConflictError) throw error;
  if (!(error instanceof ServiceError)) {
    return { reason: 'internal-error', message: describe(error), stack: (error as Error)?.stack };
  }
  return { reason: error.reason, message: error.message, retryAfterMs: error.retryAfterMs };
}
