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
  'not-an-image': {
    state: 'skipped',
    meaning: 'The tag holds another kind of OCI artifact (a Helm chart, a signature, an SBOM, …).',
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
  'waiting-for-platforms': {
    state: 'pending',
    meaning: 'The image lacks a platform that its rule requires.',
    remedy: "Push the image for the missing platforms, or change `platforms` in the registry's policy.",
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
  'secrets-unavailable': {
    state: 'pending',
    meaning: 'Key Vault did not give the bridge a secret that it needs.',
    remedy: 'Check that the secret exists and that the identity has the role Key Vault Secrets Officer.',
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

  'platforms-missing': {
    state: 'failed',
    meaning: 'A platform that its rule requires did not arrive in time.',
    remedy:
      "Push the image for the missing platforms; or change `platforms` in the registry's policy, then replay the image.",
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
      'Create a token as a site manager with `coder tokens create`, store it in Key Vault as the secret that CODER_TOKEN_SECRET names, then replay the images with this reason.',
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

/** What a person must do about a reason; undefined when nothing. */
export function remedyOf(reason: Reason, state?: State): string | undefined {
  const { remedy, ...entry }: ReasonEntry = REASONS[reason];
  // The bridge does not try a `failed` image again.
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
