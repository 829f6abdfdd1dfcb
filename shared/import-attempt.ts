import type { Acr, ImageSource } from './azure/acr.ts';
import type { Target } from './coder/target.ts';
import { ConflictError, describe, ServiceError, StorageError } from './errors.ts';
import { defaultsFromLabels, mergeDefaults } from './image-defaults.ts';
import type { ImageRecord, Images } from './images.ts';
import { decideImport, type ImportFacts } from './import-decision.ts';
import type { Outcome } from './import-outcome.ts';
import { classifyManifest, ImageConfig } from './manifest.ts';
import { applyPolicy, type Rule } from './policy.ts';
import { REASONS } from './reasons.ts';
import type { Reference } from './reference.ts';
import type { Registry } from './registry.ts';

export interface AttemptServices {
  acr: Acr;
  images: Images;
  target: Target;
}

/** A tag that is to be imported as the registry's record says now. */
export interface ImageToImport extends Reference {
  registry: Registry;
  /** The latest push that we heard of. */
  pushedOn: Date;
}

/** Looks, decides and acts once. What a service refuses is an outcome too; undefined: nothing is to be done. */
export async function attempt(
  services: AttemptServices,
  image: ImageToImport,
  record: ImageRecord | undefined,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  if (signal.aborted)
    return { reason: 'coder-busy', message: 'Other imports of this tag took all the time there was.' };
  const { registry, repository, tag } = image;
  const source = { loginServer: registry.loginServer, repository, signal };
  const facts: ImportFacts = { verdict: applyPolicy(registry.policy, image), record };
  try {
    if (facts.verdict.action === 'import') facts.found = await services.acr.getManifest(source, tag);
    let action = decideImport(facts);
    if (action.do === 'read-config') {
      facts.config = await readConfig(services.acr, source, action.digest);
      action = decideImport(facts);
    }
    if (action.do === 'record') return { ...action, digest: facts.found?.digest };
    if (action.do === 'forward') return await forward(services, image, facts, action.digests, source);
    if (action.do === 'remove') return await remove(services, image, facts, source);
    return undefined;
  } catch (error) {
    return { ...toOutcome(error), digest: facts.found?.digest };
  }
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
  const rule = ruleOf(facts);
  const config = facts.config ?? (await configOfIndex(acr, source, facts.found?.manifest));
  const isCurrent = async () => (await acr.getManifest(source, tag))?.digest === digests[0];
  const wanted = {
    ...{ registry, repository, tag, digests, isCurrent },
    defaults: mergeDefaults(rule?.defaults, defaultsFromLabels(config?.config?.Labels ?? {})),
    defaultTag: rule?.defaultTag ?? 'first',
    // Pushes that we never heard of, such as those before the bridge, are older than any that we did.
    isNewerThan: async (other: string) => {
      const record = await images.get(registry.name, { repository, tag: other });
      return !record || pushedOn >= record.pushedOn;
    },
  };
  const { reason, coderImageId } = await target.forward(wanted, source.signal);
  // A push that came meanwhile may have found the old record still true, and have done nothing.
  if (!(await isCurrent())) throw new ConflictError('The tag has moved on.');
  return { reason, message: REASONS[reason].meaning, digest: digests[0], coderImageId };
}

async function remove(
  { acr, target }: AttemptServices,
  { registry, repository, tag }: ImageToImport,
  facts: ImportFacts,
  source: ImageSource,
): Promise<Outcome> {
  const defaultTag = ruleOf(facts)?.defaultTag ?? 'first';
  const isGone = async () => (await acr.getManifest(source, tag)) === undefined;
  await target.remove({ registry, repository, tag, defaultTag, isGone }, source.signal);
  return { reason: 'removed-from-coder', message: REASONS['removed-from-coder'].meaning };
}

function ruleOf({ verdict }: ImportFacts): Rule | undefined {
  return verdict.action === 'import' ? verdict.rule : undefined;
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
  if (!(error instanceof ServiceError)) return { reason: 'internal-error', message: describe(error) };
  return { reason: error.reason, message: error.message, retryAfterMs: error.retryAfterMs };
}
