import type { HttpRequest } from '@azure/functions';
import type { Precondition } from '../precondition.ts';

/** The conditions of a change, from the request's headers. */
export function preconditionOf({ headers }: HttpRequest): Precondition {
  return {
    ifMatch: headers.get('if-match') ?? undefined,
    ifNoneMatch: headers.get('if-none-match') ?? undefined,
  };
}
