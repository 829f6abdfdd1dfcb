/** One thing wrong with a request: where, as a path such as `policy.rules[0].tag`, and what. */
export interface Fault {
  path: string;
  message: string;
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

/** A request that is refused because of what it asks for. No record was changed. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly reason: Refusal;
  readonly faults: readonly Fault[];

  constructor(reason: Refusal, message: string, faults: readonly Fault[] = []) {
    super(message);
    this.reason = reason;
    this.faults = faults;
  }
}

/** Input that does not fit its schema. */
export function invalidRequest(faults: readonly Fault[]): RefusedError {
  return new RefusedError('invalid-request', 'The request is not valid; `errors` lists every fault.', faults);
}

export function unknownRegistry(name: string): RefusedError {
  const message = `There is no registry ${name}. GET /api/registries lists those that exist.`;
  return new RefusedError('not-found', message);
}
