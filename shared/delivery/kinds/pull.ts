import * as z from 'zod';
import type { HeldRegistry } from '../../credentials/holder.ts';
import { CredentialError } from '../../errors.ts';
import { fine, wrong } from '../../lib/check.ts';
import type { DeliveryKind, DeliveryServices } from '../kind.ts';
import { RefreshMinutes } from '../refresh.ts';
import guide from './pull.md';

const PullDelivery = z.strictObject({
  kind: z.literal('pull'),
  /** How often the credential is fetched. */
  refreshMinutes: RefreshMinutes,
});
type PullDelivery = z.infer<typeof PullDelivery>;

/**
 * A job of yours fetches the credential from the bridge. A fetch proves that one caller has it, and there may be
 * others: so the previous one stays valid until it was fetched and, in addition, the time of two fetches is over.
 */
export const pullDelivery = {
  input: PullDelivery,
  needsLogin: true,
  step: ({ refreshMinutes }) => `have it ready for the job that fetches it every ${refreshMinutes} min`,
  refreshMinutes: ({ refreshMinutes }) => refreshMinutes,

  async proveUnused(registry, services) {
    if (!(await isFetched(registry, services)))
      throw new CredentialError('delivery-not-fetched', notFetched(registry), {
        remedy: remedyFor(registry),
      });
  },

  async diagnose(_declared, { registry, services }) {
    if (await isFetched(registry, services)) return fine('The current credential was fetched.');
    return wrong('delivery-not-fetched', notFetched(registry), remedyFor(registry));
  },

  guide: {
    text: guide,
    valuesOf: ({ refreshMinutes }, { name }) => ({
      pullSecretName: `${name}-pull`,
      refreshMinutes: String(refreshMinutes),
      // Minutes beyond 59 have no place in the first field of a cron schedule.
      fetchSchedule:
        refreshMinutes < 60 ? `*/${refreshMinutes} * * * *` : `0 */${Math.floor(refreshMinutes / 60)} * * *`,
    }),
  },
} satisfies DeliveryKind<PullDelivery>;

/** Where none was ever fetched, there is no copy that could be older. */
async function isFetched({ name, rotation }: HeldRegistry, services: DeliveryServices): Promise<boolean> {
  const fetched = await services.lastFetched(name);
  return fetched === undefined || fetched === rotation.current?.secretVersion;
}

function notFetched({ rotation }: HeldRegistry): string {
  const since = rotation.current?.issuedOn.toISOString();
  return `The credential of ${since} was not fetched yet, so the one before it stays valid.`;
}

function remedyFor({ name }: HeldRegistry): string {
  return `Repair the job that calls GET /api/registries/${name}/credentials.`;
}
