import * as z from 'zod';
import { partsOf } from '../../azure/arm/resource-id.ts';
import { deleteScopeMap, enableAdminAccount } from '../../azure/az-commands.ts';
import { CredentialError, RefusedError, ServiceError } from '../../errors.ts';
import type { CheckContext, CredentialKind } from '../kind.ts';
import { madeBy, makerOf } from '../ownership.ts';
import { RotationSchedule } from '../schedule.ts';

const AdminInput = z.strictObject({
  kind: z.literal('admin'),
  /** Takes the account over from another deployment of the bridge, whose Coder then loses its password. */
  adopt: z.literal(true).optional(),
  ...RotationSchedule.shape,
});
type AdminInput = z.infer<typeof AdminInput>;

const SLOTS = ['password', 'password2'] as const;

/**
 * Azure does not say who uses the account. So this scope map, which no token has, tells other deployments of the bridge
 * that one of them renews it.
 */
const MARK = 'coder-acr-bridge-admin';
/** A scope map needs an action; this one reads nothing that exists. */
const NO_ACTIONS = [`repositories/${MARK}/metadata/read`];

/** The administrator account of the registry: one user name, two passwords and every right. */
export const adminAccount = {
  input: AdminInput,

  async check(declared, { adminEnabled }, context) {
    const { registry, arm, signal } = context;
    const id = partsOf(registry);
    if (!adminEnabled) {
      throw new RefusedError(
        'credential-kind-not-allowed',
        `The administrator account of ${registry.loginServer} is off. Run: ${enableAdminAccount(id)}`,
      );
    }
    await arm.listAdminPasswords(id, signal);
    await isMarked(declared, context);
  },

  enableCommand: registry => enableAdminAccount(partsOf(registry)),

  issuer: {
    slots: SLOTS,
    shared: true,
    maintain: mark,

    async find(_declared, { registry, arm, signal }) {
      const { passwords } = await arm.listAdminPasswords(partsOf(registry), signal);
      return Object.entries(passwords).map(([slot, password]) => ({ slot, password }));
    },

    // A password that Azure shows works at once. Regenerating it would take a minute and stop the one that others use.
    async issue(declared, context, { slot = SLOTS[0], asItIs }) {
      await mark(declared, context);
      const { registry, arm, signal } = context;
      const id = partsOf(registry);
      const { username, passwords } = asItIs
        ? await arm.listAdminPasswords(id, signal)
        : await arm.regenerateAdminPassword(id, slot, signal);
      const password = passwords[slot];
      if (!password)
        throw new ServiceError('registry-unavailable', `Azure showed no ${slot} of ${username}.`);
      return { username, password, slot };
    },

    async revoke(_declared, { slot }, { registry, arm, signal }) {
      if (!slot) return;
      await arm.regenerateAdminPassword(partsOf(registry), slot, signal).catch((error: unknown) => {
        // An account that is off accepts no password: nothing is left to revoke.
        if (!(error instanceof CredentialError && error.reason === 'admin-disabled')) throw error;
      });
    },
  },
} satisfies CredentialKind<AdminInput>;

/** Says in the registry that this deployment renews the account. @throws CredentialError `belongs-to-others` */
async function mark(declared: AdminInput, context: CheckContext): Promise<void> {
  if (await isMarked(declared, context)) return;
  const { registry, arm, deploymentId, signal } = context;
  const description = `The administrator account is renewed ${madeBy(deploymentId)}`;
  await arm.putScopeMap(partsOf(registry), MARK, { description, actions: NO_ACTIONS }, signal);
}

/** @throws CredentialError `belongs-to-others` when another deployment renews the account, or took it over */
async function isMarked(
  { adopt }: AdminInput,
  { registry, arm, deploymentId, kept, signal }: CheckContext,
): Promise<boolean> {
  const id = partsOf(registry);
  const found = await arm.findScopeMap(id, MARK, signal);
  const maker = found && makerOf(found, deploymentId);
  const isKnown = kept.some(({ declared }) => declared.kind === 'admin');
  if (typeof maker !== 'object' || (adopt && !isKnown)) return maker === 'this';
  const message = `The deployment ${maker.other} of the bridge renews the administrator account of ${registry.loginServer}, as its scope map ${MARK} says. Two of them would end each other's passwords. Use a token, which each deployment has for itself. If that deployment is gone, run: ${deleteScopeMap(id.registryName, MARK)}. To take the account from it, PUT the registry with credential.adopt: true.`;
  throw new CredentialError('belongs-to-others', message);
}
