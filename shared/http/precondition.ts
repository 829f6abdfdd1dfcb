import type { HttpRequest } from '@azure/functions';
import type { Precondition } from '../registries/precondition.ts';

/** The headers of a change that is only wanted under a condition. */
export const PRECONDITION_HEADERS = {
  'if-match': 'The version that the registry must have; `*` for any.',
  'if-none-match': '`*`: only if there is no such registry.',
};

/** The conditions of a change, from the request's headers. */
export function preconditionOf({ headers }: HttpRequest): Precondition {
  return {
    ifMatch: headers.get('if-match') ?? undefined,
    ifNoneMatch: headers.get('if-none-match') ?? undefined,
  };
}
