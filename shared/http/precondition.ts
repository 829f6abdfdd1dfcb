import type { HttpRequest } from '@azure/functions';
import type { Precondition } from '../put-registry.ts';

/** The conditions of a change, from the request's headers (RFC 9110, section 13.1). */
export function preconditionOf({ headers }: HttpRequest): Precondition {
  return {
    ifMatch: headers.get('if-match') ?? undefined,
    ifNoneMatch: headers.get('if-none-match') ?? undefined,
  };
}
