import type { V2Client } from './client.ts';

/** An organization of Coder. */
export interface Organization {
  /** Stays the same when the organization is renamed. */
  id: string;
  name: string;
}

export interface Organizations {
  /**
   * The organization that a person calls by its name, its id or `default`; what Coder does not show keeps that name.
   * @param called CODER_ORGANIZATION_ID when absent
   * @throws ServiceError
   */
  resolve(called: string | undefined, signal: AbortSignal): Promise<Organization>;
}

/** An organization can be renamed, and then another one can get its name. */
const KNOWN_FOR_MS = 10 * 60_000;

/** @param byDefault organization of destinations that name none */
export function createOrganizations(
  coder: Pick<V2Client, 'findOrganization'>,
  byDefault: string,
  now: () => Date,
): Organizations {
  const known = new Map<string, { organization: Organization; until: number }>();
  return {
    async resolve(called = byDefault, signal) {
      const last = known.get(called);
      if (last && now().getTime() < last.until) return last.organization;
      const found = await coder.findOrganization(called, signal);
      if (!found) return { id: called, name: called };
      const organization = { id: found.id, name: found.name };
      known.set(called, { organization, until: now().getTime() + KNOWN_FOR_MS });
      return organization;
    },
  };
}
