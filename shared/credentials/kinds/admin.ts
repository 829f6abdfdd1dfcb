import * as z from 'zod';
import { partsOf } from '../../azure/arm/resource-id.ts';
import { enableAdminAccount } from '../../azure/az-commands.ts';
import { CredentialError, RefusedError, ServiceError } from '../../errors.ts';
import { type CredentialKind, otherSlot } from '../kind.ts';
import { RotationSchedule } from '../schedule.ts';
import type { IssuedCredential } from '../state.ts';

const AdminInput = z.strictObject({ kind: z.literal('admin'), ...RotationSchedule.shape });
type AdminInput = z.infer<typeof AdminInput>;

const SLOTS = ['password', 'password2'] as const;

/** The administrator account of the registry: one user name, two passwords and every right. */
export const adminAccount = {
  input: AdminInput,

  async check(_declared, { adminEnabled }, { registry, arm, signal }) {
    const id = partsOf(registry);
    if (adminEnabled) return void (await arm.listAdminPasswords(id, signal));
    throw new RefusedError(
      'credential-kind-not-allowed',
      `The administrator account of ${registry.loginServer} is off. Run: ${enableAdminAccount(id)}`,
    );
  },

  enableCommand: registry => enableAdminAccount(partsOf(registry)),

  issuer: {
    slots: SLOTS,

    async issue(_declared, { registry, arm, current, currentWorks, compromised, signal }) {
      const id = partsOf(registry);
      const slot = otherSlot(SLOTS, slotInUse(current));
      // A password that Azure shows works at once. Regenerating it would take a minute and stop the one that others
      // use.
      const asItIs = !compromised && (!current || !currentWorks);
      const { username, passwords } = asItIs
        ? await arm.listAdminPasswords(id, signal)
        : await arm.regenerateAdminPassword(id, slot, signal);
      const password = passwords[slot];
      if (!password)
        throw new ServiceError('registry-unavailable', `Azure showed no ${slot} of ${username}.`);
      return { username, password, slot };
    },

    async revoke(_declared, { slot }, { registry, arm, current, signal }) {
      if (!slot || slotInUse(current) === slot) return;
      await arm.regenerateAdminPassword(partsOf(registry), slot, signal).catch((error: unknown) => {
        // An account that is off accepts no password: nothing is left to revoke.
        if (!(error instanceof CredentialError && error.reason === 'admin-disabled')) throw error;
      });
    },
  },
} satisfies CredentialKind<AdminInput>;

function slotInUse(current: IssuedCredential | undefined): string | undefined {
  return current?.declared.kind === 'admin' ? current.slot : undefined;
}
