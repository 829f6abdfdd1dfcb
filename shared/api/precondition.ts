import type { HttpRequest } from '@azure/functions';
import type { Precondition } from '../registries/precondition.ts';

/** The headers that put a condition on a change. */
export const PRECONDITION_HEADERS = {
  'if-match': 'The ETag that the registry must have; `*` for any.',
  'if-none-match': '`*`: only if the registry does not exist.',
};

/** The conditions for a change, from the request's headers. */
export function preconditionOf({ headers }: HttpRequest): Precondition {
  return {
    ifMatch: headers.get('if-match') ?? undefined,
    ifNoneMatch: headers.get('if-none-match') ?? undefined,
  };
}
