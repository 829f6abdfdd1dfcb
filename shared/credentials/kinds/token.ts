import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { partsOf } from '../../azure/arm/resource-id.ts';
import { enableToken, listTokens } from '../../azure/az-commands.ts';
import { RefusedError, ServiceError } from '../../errors.ts';
import type { Policy } from '../../policy/policy.ts';
import { pullScopes } from '../../policy/pull-scopes.ts';
import { type CredentialKind, type IssueContext, otherSlot } from '../kind.ts';
import { expiryFor, lifetimeHours, RotationSchedule } from '../schedule.ts';
import type { IssuedCredential } from '../state.ts';

const TokenInput = z.strictObject({
  kind: z.literal('token'),
  /** Name of the token and of its scope map; also the user name. */
  tokenName: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{5,50}$/, 'must be 5 to 50 letters, digits, dashes or underscores')
    .default('coder-acr-bridge'),
  ...RotationSchedule.shape,
});
type TokenInput = z.infer<typeof TokenInput>;

const SLOTS = ['password1', 'password2'] as const;

/**
 * A token that may read the repositories of the policy, and nothing else. The bridge creates it when it does not exist.
 */
export const token = {
  input: TokenInput,

  async check({ tokenName }, { sku }, { registry, arm, signal }) {
    const id = partsOf(registry);
    if (await arm.findToken(id, tokenName, signal)) return;
    const most = { Basic: 100, Standard: 500 }[sku] ?? 50_000;
    if ((await arm.countTokens(id, signal)) < most) return;
    const message = `${registry.loginServer} has ${most} tokens, the most that a ${sku} registry takes. Delete one that is not in use (${listTokens(id.registryName)}), or name an existing one as tokenName.`;
    throw new RefusedError('credential-kind-not-allowed', message);
  },

  issuer: {
    slots: SLOTS,
    accountOf: ({ tokenName }) => tokenName,
    lifetimeHours: declared => lifetimeHours(declared),
    maintain,

    async issue(declared, context) {
      await maintain(declared, context);
      const { registry, arm, now, signal } = context;
      const id = partsOf(registry);
      const slot = await idleSlot(declared, context);
      const expiresOn = expiryFor(declared, now());
      const password = await arm.generateTokenPassword(id, declared.tokenName, slot, expiresOn, signal);
      return { username: declared.tokenName, password, slot, expiresOn };
    },

    async revoke({ tokenName }, { slot }, { registry, arm, current, signal }) {
      if (!slot) return;
      if (slotInUse(current, tokenName) !== slot)
        await arm.removeTokenPassword(partsOf(registry), tokenName, slot, signal);
    },
  },
} satisfies CredentialKind<TokenInput>;

/** Creates the scope map and the token, or updates the scope map to match the policy. */
async function maintain({ tokenName }: TokenInput, { registry, arm, signal }: IssueContext): Promise<void> {
  const id = partsOf(registry);
  const actions = actionsFor(registry.policy);
  const found = await arm.findScopeMap(id, tokenName, signal);
  if (!found || !isDeepStrictEqual([...found].sort(), actions)) {
    await arm.putScopeMap(id, tokenName, actions, signal);
  }
  const known = await arm.findToken(id, tokenName, signal);
  if (!known) return arm.createToken(id, tokenName, tokenName, signal);
  if (known.enabled) return;
  const message = `The token ${tokenName} of ${registry.loginServer} is disabled. If that is a mistake, run: ${enableToken(id.registryName, tokenName)}`;
  throw new ServiceError('credential-refused', message);
}

/** The slot whose password Coder does not hold; for a token that the bridge did not issue, the empty or older slot. */
async function idleSlot({ tokenName }: TokenInput, context: IssueContext): Promise<string> {
  const { registry, arm, current, signal } = context;
  if (isOf(current, tokenName)) return otherSlot(SLOTS, current.slot);
  const passwords = (await arm.findToken(partsOf(registry), tokenName, signal))?.passwords ?? {};
  const age = (slot: string) => passwords[slot]?.getTime() ?? 0;
  return age(SLOTS[0]) <= age(SLOTS[1]) ? SLOTS[0] : SLOTS[1];
}

function slotInUse(current: IssuedCredential | undefined, tokenName: string): string | undefined {
  return isOf(current, tokenName) ? current.slot : undefined;
}

function isOf(current: IssuedCredential | undefined, tokenName: string): current is IssuedCredential {
  return current?.declared.kind === 'token' && current.username === tokenName;
}

/** A policy has 100 rules at most, so this stays below the 500 actions that a scope map takes. */
function actionsFor(policy: Policy): string[] {
  return pullScopes(policy)
    .flatMap(scope => [`repositories/${scope}/content/read`, `repositories/${scope}/metadata/read`])
    .sort();
}
