import { randomUUID } from 'node:crypto';

/** What Coder answers where there is no id. */
export const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

/** For `map`, whose arguments do not matter. */
export function newUuid(): string {
  return randomUUID();
}
