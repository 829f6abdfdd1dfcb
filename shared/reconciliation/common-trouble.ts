import type { Acr } from '../azure/acr/client.ts';
import { ServiceError } from '../errors.ts';
import type { ImageReason } from '../reasons.ts';

/** Whether what failed for one image would fail for all others, so that the run must stop and leave them as they are. */
export type CommonTrouble = (reason: ImageReason) => Promise<boolean>;

const COMMON: ReadonlySet<ImageReason> = new Set<ImageReason>([
  'token-refused',
  'secrets-forbidden',
  'secrets-unavailable',
  'coder-unavailable',
  'coder-unauthorized',
  'credential-refused',
]);
/** The registry may have these about one image alone, or about one repository. */
const OF_REGISTRY: ReadonlySet<ImageReason> = new Set<ImageReason>([
  'registry-unavailable',
  'registry-unauthorized',
  'network-denied',
]);
/** After this number of images in a row it is the registry, even if it lists its repositories. */
const MOST_IN_A_ROW = 10;

/** For one run: asks the registry whether it answers anything else. */
export function createCommonTrouble(acr: Acr, loginServer: string, signal: AbortSignal): CommonTrouble {
  let inARow = 0;
  return async reason => {
    if (!OF_REGISTRY.has(reason)) {
      inARow = 0;
      return COMMON.has(reason);
    }
    inARow += 1;
    if (inARow > MOST_IN_A_ROW) return true;
    try {
      await acr.checkAccess(loginServer, signal);
      return false;
    } catch (error) {
      if (error instanceof ServiceError) return true;
      throw error;
    }
  };
}
