import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { partsOf } from '../../azure/arm/resource-id.ts';
import type { TokenState } from '../../azure/arm/tokens.ts';
import { enableToken, listTokens, showToken } from '../../azure/az-commands.ts';
import { CredentialError, RefusedError, ServiceError } from '../../errors.ts';
import type { Policy } from '../../policy/policy.ts';
import { pullScopes } from '../../policy/pull-scopes.ts';
import type { CheckContext, CredentialKind, IssueContext } from '../kind.ts';
import { madeBy, makerOf } from '../ownership.ts';
import { expiryFor, lifetimeHours, RotationSchedule } from '../schedule.ts';

const TokenInput = z.strictObject({
  kind: z.literal('token'),
  /** Name of the token and of its scope map; also the user name. By default it names the deployment of the bridge. */
  tokenName: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{5,50}$/, 'must be 5 to 50 letters, digits, dashes or underscores')
    .optional(),
  /** Takes over a token that the bridge did not make: its scope map changes, and its passwords end. */
  adopt: z.literal(true).optional(),
  ...RotationSchedule.shape,
});
type TokenInput = z.infer<typeof TokenInput>;
type DeclaredToken = TokenInput & { tokenName: string };

const SLOTS = ['password1', 'password2'] as const;
const DEFAULT_NAME = 'coder-acr-bridge';

/**
 * A token that may read the repositories of the policy, and nothing else. The bridge creates it when it does not exist.
 */
export const token = {
  input: TokenInput,

  declare: (input, deploymentId) => ({
    ...input,
    tokenName: input.tokenName ?? [DEFAULT_NAME, deploymentId].filter(Boolean).join('-'),
  }),

  async check(declared, { sku }, context) {
    if (await findOwn(declared, context)) return;
    const { registry, arm, signal } = context;
    const id = partsOf(registry);
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

    async find(declared, context) {
      const { passwords = {} } = (await findOwn(declared, context)) ?? {};
      return Object.entries(passwords).map(([slot, createdOn]) => ({ slot, createdOn }));
    },

    async issue(declared, context, { slot = SLOTS[0] }) {
      await maintain(declared, context);
      const { registry, arm, now, signal } = context;
      const { tokenName } = declared;
      const expiresOn = expiryFor(declared, now());
      const issued = await arm.generateTokenPassword(partsOf(registry), tokenName, slot, expiresOn, signal);
      const { password, createdOn } = issued;
      return { username: tokenName, password, slot, expiresOn, ...(createdOn && { createdOn }) };
    },

    async revoke({ tokenName }, { slot }, { registry, arm, signal }) {
      if (slot) await arm.removeTokenPassword(partsOf(registry), tokenName, slot, signal);
    },

    async unmake({ tokenName, adopt }, { registry, arm, deploymentId, signal }) {
      const id = partsOf(registry);
      const found = await arm.findToken(id, tokenName, signal);
      const map = await arm.findScopeMap(id, tokenName, signal);
      const isOwn = map && makerOf(map, deploymentId) === 'this' && !adopt;
      // Coder may hold a password of a registry that was removed and is added again.
      if (!isOwn || Object.keys(found?.passwords ?? {}).length > 0) return;
      await arm.deleteToken(id, tokenName, signal);
      await arm.deleteScopeMap(id, tokenName, signal);
    },
  },
} satisfies CredentialKind<DeclaredToken, TokenInput>;

/** Creates the scope map and the token, or updates the scope map to match the policy. */
async function maintain(declared: DeclaredToken, context: IssueContext): Promise<void> {
  const { tokenName } = declared;
  const { registry, arm, deploymentId, signal } = context;
  const id = partsOf(registry);
  const known = await findOwn(declared, context);
  const map = {
    description: `What Coder pulls. Kept in step with the policy ${madeBy(deploymentId)}`,
    actions: actionsFor(registry.policy),
  };
  const found = await arm.findScopeMap(id, tokenName, signal);
  const isUpToDate = found && isDeepStrictEqual({ ...found, actions: [...found.actions].sort() }, map);
  if (!isUpToDate) await arm.putScopeMap(id, tokenName, map, signal);
  if (!known) return arm.createToken(id, tokenName, tokenName, signal);
  if (!isOnMap(known, tokenName)) await arm.changeScopeMap(id, tokenName, tokenName, signal);
  if (known.enabled) return;
  const message = `The token ${tokenName} of ${registry.loginServer} is disabled. If that is a mistake, run: ${enableToken(id.registryName, tokenName)}`;
  throw new ServiceError('credential-refused', message);
}

/**
 * The token, if there is one and this deployment made it, or may adopt it.
 * @throws CredentialError `belongs-to-others`, with what is there and how to adopt it
 */
async function findOwn(
  { tokenName, adopt }: DeclaredToken,
  { registry, arm, deploymentId, kept, signal }: CheckContext,
): Promise<TokenState | undefined> {
  const id = partsOf(registry);
  const found = await arm.findToken(id, tokenName, signal);
  const map = await arm.findScopeMap(id, tokenName, signal);
  const isKnown = kept.some(({ declared, username, secretVersion }) =>
    Boolean(declared.kind === 'token' && username === tokenName && secretVersion),
  );
  const maker = map && makerOf(map, deploymentId);
  const other = typeof maker === 'object' ? maker.other : undefined;
  const refuse = (what: string) => {
    const look = showToken(id.registryName, tokenName);
    const message = `${registry.loginServer} has ${what}. Choose another tokenName. To take the token over, PUT the registry with credential.adopt: true: the token then may only pull, and its passwords end once Coder has a new one. See it with: ${look}`;
    return new CredentialError('belongs-to-others', message);
  };
  // Two deployments that adopt the same token would take it from each other for ever.
  if (other !== undefined && (!adopt || isKnown)) {
    throw refuse(`a token ${tokenName} that the deployment ${other} of the bridge made or took over`);
  }
  if (adopt) return found;
  if (found && !isOnMap(found, tokenName)) {
    throw refuse(`a token ${tokenName} with the scope map ${found.scopeMap}, which the bridge did not make`);
  }
  if (map && maker === undefined && !isKnown) {
    throw refuse(`a scope map ${tokenName} that the bridge did not make`);
  }
  return found;
}

/** Azure compares names without regard to case. */
function isOnMap({ scopeMap }: TokenState, name: string): boolean {
  return scopeMap.toLowerCase() === name.toLowerCase();
}

/** A policy has 100 rules at most, so this stays below the 500 actions that a scope map takes. */
function actionsFor(policy: Policy): string[] {
  return pullScopes(policy)
    .flatMap(scope => [`repositories/${scope}/content/read`, `repositories/${scope}/metadata/read`])
    .sort();
}
