import { formatRegistryId, type RegistryResourceId } from '../arm/resource-id.ts';
import { enableAdminAccount, listTokens, roleAssignment } from '../az-commands.ts';
import { callerIn, explain, type Refusal, type Row } from './refusal.ts';
import type { Said } from './said.ts';

export type ArmReason =
  | 'admin-disabled'
  | 'disallowed-by-policy'
  | 'scope-locked'
  | 'azure-refused'
  | 'registry-unavailable';

/** What Azure Resource Manager was asked. */
export interface ArmCall {
  registry: RegistryResourceId;
  /** The role that allows it. */
  role: string;
}

const ROWS: readonly Row<ArmReason, ArmCall>[] = [
  {
    code: /^UnAuthorizedForCredentialOperations$/i,
    reason: 'admin-disabled',
    meaning: ({ registry }) => `The administrator account of ${registry.registryName} is off`,
    remedy: ({ registry }) => `Run: ${enableAdminAccount(registry)}`,
  },
  {
    code: /^RequestDisallowedByPolicy$/i,
    reason: 'disallowed-by-policy',
    meaning: ({ registry }) => `A policy of Azure forbids it for ${registry.registryName}`,
    remedy: exemption,
  },
  {
    code: /^ScopeLocked$/i,
    reason: 'scope-locked',
    meaning: ({ registry }) => `A resource lock keeps ${registry.registryName} from being changed`,
    remedy: ({ registry }, said) =>
      `Find the lock: ${listLocks(lockedScope(said) ?? formatRegistryId(registry))}\nThen remove it, at least while the bridge issues and revokes: az lock delete --ids LOCK_ID`,
  },
  {
    code: /^DenyAssignmentAuthorizationFailed$/i,
    reason: 'azure-refused',
    meaning: ({ registry }) => `A deny assignment forbids it for ${registry.registryName}`,
    remedy: ({ registry }) =>
      `Exclude the bridge's identity from the deny assignment that the message names: az rest --method get --url "${formatRegistryId(registry)}/providers/Microsoft.Authorization/denyAssignments?api-version=2022-04-01"`,
  },
  {
    code: /^(?:ReadOnlyDisabledSubscription|SubscriptionNotFound|SubscriptionNotRegistered)$/i,
    reason: 'azure-refused',
    meaning: ({ registry }) => `The subscription of ${registry.registryName} is off, or not in this tenant`,
    remedy: ({ registry }) =>
      `Compare: az account show --subscription ${registry.subscriptionId} --query "[state, tenantId]"`,
  },
  {
    status: [401],
    reason: 'azure-refused',
    meaning: () => "Azure Resource Manager does not take the token of the bridge's identity",
    remedy: ({ registry }) =>
      `Set ARM_URL and ARM_AUDIENCE to those of your cloud (az cloud show --query endpoints). Identity and subscription must be in one tenant: az account show --subscription ${registry.subscriptionId} --query tenantId`,
  },
  {
    status: [403],
    reason: 'azure-refused',
    meaning: ({ registry }) => `The bridge's identity may not do this with ${registry.registryName}`,
    remedy: ({ registry, role }, said) =>
      `Run: ${roleAssignment(role, callerIn(said), formatRegistryId(registry)).join(' ')}`,
  },
  {
    status: [404],
    reason: 'azure-refused',
    meaning: ({ registry }) => `Azure does not have what the bridge asks for of ${registry.registryName}`,
    remedy: ({ registry }) => `Compare with: az acr show --name ${registry.registryName} --query id`,
  },
  {
    code: /Quota|LimitExceeded|TooMany.*Tokens/i,
    status: [400, 403, 409],
    reason: 'azure-refused',
    meaning: ({ registry }) => `${registry.registryName} is full`,
    remedy: ({ registry }) => `Delete a token that is not in use: ${listTokens(registry.registryName)}`,
  },
  {
    status: [400],
    reason: 'azure-refused',
    meaning: ({ registry }) => `Azure does not take this for ${registry.registryName}`,
    remedy: () => 'PUT the registry with a declaration that does what the message asks for.',
  },
  {
    // A new token is inactive for some seconds (409). Other failures of this kind pass too.
    reason: 'registry-unavailable',
    retryable: true,
    meaning: () => 'Azure Resource Manager is busy, failed, or cannot be reached from the app',
    remedy: () => "Wait. If it stays, check ARM_URL, and that the app's network reaches it.",
  },
];

export function explainArm(said: Said, call: ArmCall): Refusal<ArmReason> {
  return explain(ROWS, 'Azure Resource Manager', said, call);
}

/** https://learn.microsoft.com/azure/governance/policy/concepts/exemption-structure */
function exemption({ registry }: ArmCall, { text }: Said): string {
  const [, assignment] = /"id":\s*"([^"]+\/policyAssignments\/[^"]+)"/i.exec(text) ?? [];
  const scope = formatRegistryId(registry);
  const find = `Find the assignment: az policy assignment list --scope ${scope} --disable-scope-strict-match --query "[].{name:displayName, id:id}"\n`;
  return `${assignment ? '' : find}Exempt the registry: az policy exemption create --name coder-acr-bridge --exemption-category Waiver --policy-assignment ${assignment ? `'${assignment}'` : 'ASSIGNMENT_ID'} --scope ${scope}\nOr PUT the registry with another credential.kind.`;
}

function lockedScope({ text }: Said): string | undefined {
  return /scope\(s\) are locked: '([^']+)'/i.exec(text)?.[1];
}

/** @param scope a subscription, a resource group, or a resource in one */
function listLocks(scope: string): string {
  const [, , subscription, , group, ...resource] = scope.replace(/\/+$/, '').split('/');
  if (resource.length > 0) return `az lock list --resource ${scope}`;
  return `az lock list --subscription ${subscription}${group ? ` --resource-group ${group}` : ''}`;
}
