export const STATES = ['imported', 'skipped', 'pending', 'failed', 'removed'] as const;

/** What became of one image. */
export type State = (typeof STATES)[number];

/** One reason: what it leads to, what it means, and what a person does about it (nothing, when absent). */
interface ReasonEntry {
  state: State | 'ignored';
  meaning: string;
  remedy?: string;
}

/**
 * The vocabulary of outcomes, as the API, the logs and the README show it. `ignored` reasons belong to events
 * that name no image of ours; they are only logged. A `pending` reason becomes `failed` when the attempts end.
 */
export const REASONS = {
  'image-created': {
    state: 'imported',
    meaning: 'Coder imported the repository, with this tag as its first.',
  },
  'tag-added': { state: 'imported', meaning: 'The tag was added to the image that Coder has.' },
  'tag-refreshed': { state: 'imported', meaning: 'The tag had moved; Coder read its new digest.' },
  'already-in-coder': { state: 'imported', meaning: 'Coder had this tag with this digest already.' },

  'no-rule': {
    state: 'skipped',
    meaning: "No rule of the registry's policy matches this repository and tag.",
    remedy: "Add a rule to the registry's policy, then reconcile the registry.",
  },
  excluded: {
    state: 'skipped',
    meaning: 'A rule excludes it, or the tag belongs to a signature, an attestation or an SBOM.',
    remedy:
      'If a rule excludes it that should not, put a matching one before that in the policy, then reconcile the registry.',
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
    remedy: 'PUT the registry as it is but without `suspended`, there and in its rules, then reconcile it.',
  },

  importing: {
    state: 'pending',
    meaning:
      'Coder is being brought up to date; if that was cut off, it is taken up again within two minutes.',
  },
  replayed: {
    state: 'pending',
    meaning: 'Somebody asked to try it again, which happens within a minute.',
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
  'registry-unavailable': {
    state: 'pending',
    meaning: 'The registry, or Azure on its behalf, did not answer or asked us to slow down.',
    remedy: 'Nothing, if it passes; otherwise check the network path from the bridge to the registry.',
  },
  'registry-unauthorized': {
    state: 'pending',
    meaning: "The registry refused the bridge's managed identity.",
    remedy:
      'Assign AcrPull on the registry to the identity (in ABAC mode: Container Registry Repository Reader).',
  },
  'secrets-unavailable': {
    state: 'pending',
    meaning: 'Key Vault did not give the bridge a secret that it needs.',
    remedy: 'Check that the secret exists and that the identity has the role Key Vault Secrets Officer.',
  },
  'credential-not-ready': {
    state: 'pending',
    meaning: 'The first credential for Coder is being issued, or until now could not be.',
    remedy: 'Nothing, if it passes; otherwise see `rotation.lastResult` of GET /api/registries/{name}.',
  },
  'coder-unavailable': {
    state: 'pending',
    meaning: 'Coder did not answer, or answered with a server error.',
    remedy: 'Nothing, if it passes; otherwise check CODER_URL and that Coder is up.',
  },
  'coder-cannot-pull': {
    state: 'pending',
    meaning: 'Coder has not read the image from the registry; the message has what Coder says.',
    remedy:
      'Nothing, if it passes; otherwise check the network path from Coder to the registry, its certificate, and that what Coder pulls with may pull this repository.',
  },
  'coder-busy': {
    state: 'pending',
    meaning: 'Coder asked us to slow down, is still refreshing, or another import of the repository runs.',
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
  'coder-rejected': {
    state: 'failed',
    meaning: 'Coder refused the request; its message is in the record.',
    remedy: 'Mend what the message says, then replay the image.',
  },
  'coder-unauthorized': {
    state: 'failed',
    meaning: "Coder refused the bridge's session token, or its user lacks the right.",
    remedy:
      'Make a new token of a site manager with `coder tokens create`, store it in Key Vault as the secret that CODER_TOKEN_SECRET names, then replay the images of this reason.',
  },
  'credential-refused': {
    state: 'failed',
    meaning: 'The registry refuses the username and password that Coder was given.',
    remedy: 'PUT the registry again with a working password, then replay the images of this reason.',
  },
  'internal-error': {
    state: 'failed',
    meaning: 'The bridge itself failed; its log has the details.',
    remedy: 'Please report it with the lines of the log, then replay the image.',
  },

  'tag-in-use': {
    state: 'pending',
    meaning: 'The registry does not have this tag, and Coder does not delete it while workspaces use it.',
    remedy: 'Move the workspaces to another tag of the image; the next attempt then removes this one.',
  },

  gone: {
    state: 'removed',
    meaning: 'The registry does not have this tag. If Coder has it, Coder keeps it.',
  },
  'removed-from-coder': {
    state: 'removed',
    meaning: 'The registry does not have this tag, and Coder no longer offers it.',
  },

  'not-an-acr-event': {
    state: 'ignored',
    meaning: 'The event is malformed, or of a type that the bridge does not handle.',
  },
  'unknown-registry': {
    state: 'ignored',
    meaning: 'No registry with the resource id of the event was added.',
    remedy: 'Add it with PUT /api/registries/{name}.',
  },
  untagged: {
    state: 'ignored',
    meaning: 'A manifest was pushed by digest, such as one platform of an index.',
  },
  'helm-chart': { state: 'ignored', meaning: 'A legacy Helm chart was pushed or deleted.' },
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof REASONS;

/** The state that a reason stands for. */
export type StateOf<R extends Reason> = (typeof REASONS)[R]['state'];

/** Reasons that an image record can have. */
export type ImageReason = { [R in Reason]: StateOf<R> extends 'ignored' ? never : R }[Reason];

/** All of them. */
export const IMAGE_REASONS = Object.entries(REASONS).flatMap(([reason, { state }]) =>
  state === 'ignored' ? [] : [reason as ImageReason],
);

/** The way out of a reason, when a person has to do something. */
export function remedyOf(reason: Reason, state?: State): string | undefined {
  const { remedy, ...entry }: ReasonEntry = REASONS[reason];
  // What was given up is not tried again by itself.
  if (state !== 'failed' || entry.state === 'failed') return remedy;
  return `${remedy ? `${remedy} ` : ''}Then replay the image.`;
}

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
  'credential-kind-fixed': 409,
  'no-credential-to-give': 409,
  'credential-kind-not-allowed': 422,
  'registry-not-found': 422,
  'registry-not-readable': 422,
  'registry-not-reachable': 422,
  'host-not-allowed': 422,
  'credential-refused': 422,
  'azure-refused': 422,
  'admin-disabled': 422,
  'graph-unavailable': 503,
} as const;

export type Refusal = keyof typeof REFUSALS;
