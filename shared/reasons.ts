export const STATES = ['imported', 'skipped', 'pending', 'failed', 'removed'] as const;

/** The state of an image record: its last outcome. */
export type State = (typeof STATES)[number];

/** One reason: its state, its meaning, and what a person must do (nothing, when absent). */
interface ReasonEntry {
  state: State | 'ignored';
  meaning: string;
  remedy?: string;
}

/**
 * The reasons of all outcomes, as the API, the logs and the docs show them. `ignored` reasons are for events that are
 * not
 * about a watched image; they are only logged. A `pending` reason becomes `failed` when the attempts are used up.
 */
export const REASONS = {
  'image-created': {
    state: 'imported',
    meaning: 'Coder imported the repository, with this tag as its first.',
  },
  'tag-added': { state: 'imported', meaning: 'The tag was added to the image that Coder has.' },
  'tag-refreshed': { state: 'imported', meaning: 'The tag had moved; Coder read its new digest.' },
  'already-in-coder': { state: 'imported', meaning: 'Coder had this tag with this digest already.' },
  'template-updated': {
    state: 'imported',
    meaning: 'A version of the template that names this digest was built, verified and promoted.',
  },
  'already-in-template': {
    state: 'imported',
    meaning: 'The active version of the template names this digest.',
  },
  'version-ready': {
    state: 'imported',
    meaning: 'A version of the template that names this digest was built and verified; a person promotes it.',
    remedy: 'Promote it with POST /api/templates/{organization}/{template}/promote, or in Coder.',
  },

  'no-rule': {
    state: 'skipped',
    meaning: "No rule of the registry's policy matches this repository and tag.",
    remedy: "Add a rule to the registry's policy, then reconcile the registry.",
  },
  excluded: {
    state: 'skipped',
    meaning: 'A rule excludes it, or the tag belongs to a signature, an attestation or an SBOM.',
    remedy:
      'If a rule excludes it by mistake, put a rule that imports it before that one in the policy, then reconcile the registry.',
  },
  'no-template': {
    state: 'skipped',
    meaning: 'Neither the rule that matches nor the registry says which template the image goes to.',
    remedy: 'PUT the registry with `templates`, in the rule or beside the policy.',
  },
  'not-chosen': {
    state: 'skipped',
    meaning: 'The variable of the template follows another tag of the repository.',
  },
  held: {
    state: 'skipped',
    meaning: 'A person took this digest back in Coder, so it stays away until another digest is pushed.',
    remedy: 'To bring it back, replay this image by its name.',
  },
  'not-an-image': {
    state: 'skipped',
    meaning: 'The tag holds another kind of OCI artifact (a Helm chart, a signature, an SBOM, …).',
  },
  'build-cache': { state: 'skipped', meaning: 'The tag holds a build cache of BuildKit, and no image.' },
  'not-runnable': {
    state: 'skipped',
    meaning: 'It looks like an image, but no container runtime unpacks its layers (a model, a policy, …).',
  },
  'no-runnable-platform': {
    state: 'skipped',
    meaning: 'The image is for none of the platforms of `IMPORT_PLATFORMS`, such as for Windows only.',
    remedy:
      'Push it for Linux too; or, if workspaces run on its platform, add that to `IMPORT_PLATFORMS`, then reconcile the registry.',
  },

  suspended: {
    state: 'skipped',
    meaning: 'The registry, or the rule that matches, is suspended.',
    remedy: 'Remove `suspended` from the registry and its rules with PUT, then reconcile the registry.',
  },

  importing: {
    state: 'pending',
    meaning: 'The bridge is importing the image. If it crashed, the sweep tries again within two minutes.',
  },
  replayed: {
    state: 'pending',
    meaning: 'A person asked for another attempt. The sweep makes it within a minute.',
  },
  'waiting-for-registry': {
    state: 'pending',
    meaning:
      'The registry does not show what was pushed yet; it is asked again several times for a minute and a half.',
  },
  'waiting-for-platforms': {
    state: 'pending',
    meaning: 'The image lacks a platform that its rule requires.',
    remedy: "Push the image for the missing platforms, or change `platforms` in the registry's policy.",
  },
  'image-locked': {
    state: 'pending',
    meaning: 'The registry forbids reading the image: it, or its repository, is locked or in quarantine.',
    remedy:
      'Let it be read with `az acr repository update --name REGISTRY --image REPOSITORY:TAG --read-enabled true`, or let its quarantine end.',
  },
  'upstream-throttled': {
    state: 'pending',
    meaning: 'The source registry of a cache rule answers the registry with 429, too many requests.',
    remedy: 'Wait. If it stays, give the cache rule credentials of the source registry.',
  },
  'manifest-unreadable': {
    state: 'pending',
    meaning: 'The registry does not give the manifest of this image, or gives one that is broken.',
    remedy: 'If it stays, push the image again.',
  },
  'config-missing': {
    state: 'pending',
    meaning: 'The registry does not have the configuration that the manifest of the image names.',
    remedy: 'If it stays, push the image again.',
  },
  'registry-unavailable': {
    state: 'pending',
    meaning: 'The registry, or Azure on its behalf, did not answer or asked the bridge to slow down.',
    remedy: 'Wait. If it stays, check the network path from the bridge to the registry.',
  },
  'registry-unauthorized': {
    state: 'pending',
    meaning: "The registry refused the bridge's managed identity.",
    remedy:
      'Assign AcrPull on the registry to the identity (in ABAC mode: Container Registry Repository Reader).',
  },
  'network-denied': {
    state: 'pending',
    meaning:
      'Network rules of the registry, of its storage or of Key Vault keep the bridge out; the message names which.',
    remedy:
      'Let the address in that the message names, or connect the app by a private endpoint. The next attempt then works.',
  },
  'token-refused': {
    state: 'pending',
    meaning: 'Entra gave the bridge no token of its managed identity; the message quotes Entra.',
    remedy: 'Run the diagnostics of the registry, whose check `managed-identity` has the command.',
  },
  'secrets-forbidden': {
    state: 'pending',
    meaning: "Key Vault refused the bridge's managed identity, or the secret is disabled.",
    remedy: 'Assign the role Key Vault Secrets Officer on the vault to the identity, or enable the secret.',
  },
  'secrets-unavailable': {
    state: 'pending',
    meaning: 'Key Vault does not have a secret that the bridge needs, or did not answer.',
    remedy: 'Wait. If it stays, check that the secret exists and KEY_VAULT_URL.',
  },
  'credential-not-ready': {
    state: 'pending',
    meaning: 'The first credential for Coder is not ready: it is being issued, or issuing it failed.',
    remedy: 'Wait. If it stays, see `rotation.lastResult` of GET /api/registries/{name}.',
  },
  'coder-unavailable': {
    state: 'pending',
    meaning: 'Coder did not answer, or answered with a server error.',
    remedy: 'Wait. If it stays, check CODER_URL and that Coder is up.',
  },
  'coder-cannot-pull': {
    state: 'pending',
    meaning: 'Coder could not read the image from the registry; the message quotes Coder.',
    remedy:
      'Wait. If it stays, check the network path from Coder to the registry, its certificate, and that the credential of Coder may pull this repository.',
  },
  'coder-busy': {
    state: 'pending',
    meaning:
      'Coder asked the bridge to slow down or is still refreshing the tag, or another import of the repository runs.',
  },

  'coder-building': {
    state: 'pending',
    meaning: 'Coder imports a version of the template.',
  },
  'no-provisioner': {
    state: 'pending',
    meaning: 'No provisioner of Coder has the tags that the template asks for, so its import waits.',
    remedy: "Start a provisioner with the tags of the template's active version.",
  },

  'canary-running': {
    state: 'pending',
    meaning: 'A workspace of the bridge tries the version before it is promoted.',
  },

  'template-missing': {
    state: 'failed',
    meaning: 'Coder shows the bridge no template of that name.',
    remedy:
      "Make the template, or correct its name and organization in the registry's policy; then replay the image.",
  },
  'variable-missing': {
    state: 'failed',
    meaning: 'The template declares no such variable of type string.',
    remedy:
      "Declare the variable in the template and push it, or correct its name in the registry's policy; then replay the image.",
  },
  'variable-sensitive': {
    state: 'failed',
    meaning: 'The variable of the template is sensitive, so the bridge cannot verify what it holds.',
    remedy: 'Declare the variable without `sensitive = true` and push the template; then replay the image.',
  },
  'template-invalid': {
    state: 'failed',
    meaning: 'Coder refused to import a version of the template; its message is in the record.',
    remedy: 'Correct in the template what the message says and push it; then replay the image.',
  },
  'template-build-failed': {
    state: 'failed',
    meaning: 'The import of the version failed in Coder; its last error lines are in the record.',
    remedy: 'Correct what the lines say, in the template or in Coder; then replay the image.',
  },
  'canary-failed': {
    state: 'failed',
    meaning:
      'The workspace that tried the version did not become ready, so the version was not promoted; its words are in the record.',
    remedy:
      'Correct the image and push it again; or correct the template, or `canary` in the policy, and replay the image.',
  },
  'catalog-too-large': {
    state: 'failed',
    meaning: 'The catalog of the template has no room for it: it takes 100 images and 32,000 bytes.',
    remedy: 'Lower `keepTags`, or leave out tags, in the rules that fill the catalog; then replay the image.',
  },
  'platforms-missing': {
    state: 'failed',
    meaning: 'A platform that its rule requires did not arrive in time.',
    remedy:
      "Push the image for the missing platforms; or change `platforms` in the registry's policy, then replay the image.",
  },
  'manifest-missing': {
    state: 'failed',
    meaning:
      'The registry lists the tag, but does not have its manifest. If Coder has the tag, Coder keeps it.',
    remedy:
      'Push the tag again, or delete it with `az acr repository untag`; if the registry has the manifest by now, replay the image.',
  },
  'manifest-too-large': {
    state: 'failed',
    meaning: 'The manifest is larger than the 4 MiB that a registry has to accept.',
    remedy: 'Push the image with a smaller manifest: fewer layers or shorter annotations.',
  },
  'config-unreadable': {
    state: 'failed',
    meaning: 'The configuration of the image is empty, is not JSON, or is larger than 4 MiB.',
    remedy: 'Build the image again and push it.',
  },
  'coder-rejected': {
    state: 'failed',
    meaning: 'Coder refused the request; the message quotes Coder.',
    remedy: 'Correct what the message says, then replay the image.',
  },
  'coder-unauthorized': {
    state: 'failed',
    meaning: "Coder refused the bridge's session token, or its user lacks the right.",
    remedy:
      'If its user lacks the right, give it the role organization-template-admin (site manager in Coder Classic). If its token is refused, create one with `coder tokens create`, and store it in Key Vault as the secret that CODER_TOKEN_SECRET names. Then replay the images with this reason.',
  },
  'credential-refused': {
    state: 'failed',
    meaning: 'The registry refuses the username and password that Coder has.',
    remedy: 'PUT the registry again with a working password, then replay the images with this reason.',
  },
  'internal-error': {
    state: 'failed',
    meaning: 'The bridge itself failed; see its log.',
    remedy: 'Report the bug with the lines of the log, then replay the image.',
  },

  'tag-in-use': {
    state: 'pending',
    meaning: 'The registry no longer has this tag, but workspaces use it, so Coder does not delete it.',
    remedy: 'Move the workspaces to another tag of the image; the next attempt then deletes this one.',
  },

  gone: {
    state: 'removed',
    meaning: 'The registry does not have this tag. If Coder has it, Coder keeps it.',
  },
  'removed-from-coder': {
    state: 'removed',
    meaning: 'The registry does not have this tag, and Coder no longer offers it.',
  },

  'template-fell-back': {
    state: 'removed',
    meaning: 'The registry does not have this tag; the template names the next best one.',
  },
  'last-image': {
    state: 'removed',
    meaning: 'The registry does not have this tag. The template keeps it, as there is no other one to name.',
    remedy: 'Push another tag of the repository: new workspaces cannot start from an image that is gone.',
  },

  'not-an-acr-event': {
    state: 'ignored',
    meaning: 'The event is malformed, or of a type that the bridge does not handle.',
  },
  'unknown-registry': {
    state: 'ignored',
    meaning: 'The bridge has no registry with the resource id of the event.',
    remedy: 'Add it with PUT /api/registries/{name}.',
  },
  untagged: {
    state: 'ignored',
    meaning: 'A manifest was pushed by digest, such as one platform of an index.',
  },
  'helm-chart': { state: 'ignored', meaning: 'A legacy Helm chart was pushed or deleted.' },
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof REASONS;

/** The state of a reason. */
export type StateOf<R extends Reason> = (typeof REASONS)[R]['state'];

/** Reasons that an image record can have. */
export type ImageReason = { [R in Reason]: StateOf<R> extends 'ignored' ? never : R }[Reason];

/** All of them. */
export const IMAGE_REASONS = Object.entries(REASONS).flatMap(([reason, { state }]) =>
  state === 'ignored' ? [] : [reason as ImageReason],
);

/** Those that only images of Coder v2 can have; they are about the templates that images go to. */
const V2_IMAGE_REASONS = [
  ...(['template-updated', 'already-in-template', 'version-ready'] as const),
  ...(['no-template', 'not-chosen', 'held'] as const),
  ...(['coder-building', 'no-provisioner', 'canary-running', 'canary-failed'] as const),
  ...(['template-missing', 'variable-missing', 'variable-sensitive'] as const),
  ...(['template-invalid', 'template-build-failed', 'catalog-too-large'] as const),
  ...(['template-fell-back', 'last-image'] as const),
] satisfies ImageReason[];
export type V2ImageReason = (typeof V2_IMAGE_REASONS)[number];

/** Reasons of images of which the registry was asked, and that the policy lets through: a template can name them. */
const CAN_BE_NAMED: ReadonlySet<string> = new Set<ImageReason>([
  ...(['template-updated', 'already-in-template', 'version-ready'] as const),
  ...(['not-chosen', 'held', 'coder-building', 'no-provisioner', 'canary-running'] as const),
]);

export function canBeNamed(reason: ImageReason): boolean {
  return CAN_BE_NAMED.has(reason);
}

/** Reasons of images on which the target has work under way, which is looked at again within seconds. */
const UNDER_WAY: ReadonlySet<string> = new Set<ImageReason>([
  'coder-building',
  'no-provisioner',
  'canary-running',
]);

export function isUnderWay({ state, reason }: { state: State; reason: ImageReason }): boolean {
  return state === 'pending' && UNDER_WAY.has(reason);
}

/** Whether an image is checked again within seconds: the target is at work on it, or the registry may show it soon. */
export function isCheckedSoon(record: { state: State; reason: ImageReason }): boolean {
  return isUnderWay(record) || record.reason === 'waiting-for-registry';
}

/** The entry of a reason; undefined for a word in a record that another release wrote. */
export function findReason(reason: Reason): ReasonEntry | undefined {
  return (REASONS as Record<string, ReasonEntry | undefined>)[reason];
}

/**
 * What a person must do about a reason; undefined when nothing.
 * @param known the remedy for this one case, where it was found out
 */
export function remedyOf(reason: Reason, state?: State, known?: string): string | undefined {
  const entry = findReason(reason);
  const remedy = known ?? entry?.remedy;
  // The bridge does not try a `failed` image again.
  if (state !== 'failed' || entry?.state === 'failed') return remedy;
  return `${remedy ? `${remedy} ` : ''}Then replay the image.`;
}

/** What to do about a record that cannot be read. */
export const REPLACE_RECORD =
  'Deploy the release that wrote it. Or replace it: PUT or DELETE the registry, POST /api/images for an image; a template, with its next image.';

/** Reasons why a call over HTTP is refused, with the status that each is answered with. */
export const REFUSALS = {
  'invalid-request': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'unsupported-media-type': 415,
  'too-large': 413,
  'precondition-failed': 412,
  'registry-already-added': 409,
  'registry-changed': 409,
  'registry-busy': 409,
  'nothing-to-rotate': 409,
  'nothing-to-promote': 409,
  'no-templates': 409,
  'credential-kind-fixed': 409,
  'no-credential-to-give': 409,
  'belongs-to-others': 409,
  'credential-kind-not-allowed': 422,
  'registry-not-found': 422,
  'registry-not-readable': 422,
  'registry-not-reachable': 422,
  'host-not-allowed': 422,
  'credential-refused': 422,
  'azure-refused': 422,
  'disallowed-by-policy': 422,
  'scope-locked': 422,
  'admin-disabled': 422,
  'delivery-refused': 422,
  'delivery-not-fetched': 409,
  'graph-unavailable': 503,
  'cluster-unavailable': 503,
} as const;

export type Refusal = keyof typeof REFUSALS;
