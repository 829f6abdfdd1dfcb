/** Choices where Azure's behaviour varies. Tests may change them; they are read on each request. */
export interface ArmBehaviour {
  /** How long a long-running operation takes; at 0 the first poll finds it done. */
  operationMs: number;
  /**
   * `Retry-After` of an unfinished operation. The SDK treats 0 as absent, and then polls every `updateIntervalInMs`.
   */
  retryAfterSeconds: number;
  /** How long after it was regenerated a password is accepted by registries. Azure's documentation says 60 seconds. */
  propagationMs: number;
  /** Makes `generateCredentials` a long-running operation, which the specification allows, in place of a plain 200. */
  generatesLater: boolean;
}

export const AS_USUAL: Readonly<ArmBehaviour> = {
  operationMs: 0,
  retryAfterSeconds: 0,
  propagationMs: 60_000,
  generatesLater: false,
};
