import { partsOf } from '../azure/arm-id.ts';
import {
  assign,
  command,
  enableAdminAccount,
  type IssuingKind,
  issuingRole,
  quote,
} from '../azure/commands.ts';
import type { Registry } from '../records/registry.ts';
import type { Command, GuideContext, Step } from './guide.ts';
import { setPlaceholder } from './placeholders.ts';
import { assignRole, IN_ABAC_MODE, OUTSIDE_ABAC_MODE, READER_IN_ABAC_MODE, showMode } from './roles.ts';

const PRINCIPAL = 'BRIDGE_PRINCIPAL_ID';
const PULLER = 'PULL_PRINCIPAL_ID';

const ACR = 'Microsoft.ContainerRegistry';

/** What each kind needs beside reading the registry; actions take no wildcards. */
const ACTIONS: Record<IssuingKind, readonly string[]> = {
  admin: [
    `${ACR}/registries/read`,
    `${ACR}/registries/listCredentials/action`,
    `${ACR}/registries/regenerateCredential/action`,
  ],
  token: [
    `${ACR}/registries/read`,
    `${ACR}/registries/tokens/read`,
    `${ACR}/registries/tokens/write`,
    `${ACR}/registries/tokens/operationStatuses/read`,
    `${ACR}/registries/scopeMaps/read`,
    `${ACR}/registries/scopeMaps/write`,
    `${ACR}/registries/scopeMaps/operationStatuses/read`,
    `${ACR}/registries/generateCredentials/action`,
    `${ACR}/locations/operationResults/read`,
  ],
};

/** The administrator account, whose passwords the bridge regenerates in turn. */
export function adminSteps(registry: Registry, context: GuideContext): Step[] {
  return [
    {
      heading: 'Switch the administrator account on',
      why: 'It can do everything in the registry, and whoever has one of its two passwords is the administrator. The bridge regenerates them in turn: nothing else may use them. Prefer a token where you can.',
      commands: [{ run: enableAdminAccount(partsOf(registry)) }],
    },
    letBridgeIssue('admin', registry, context),
  ];
}

/** A token with a scope map of the policy's repositories, both made by the bridge. */
export function tokenSteps(registry: Registry, context: GuideContext): Step[] {
  return [letBridgeIssue('token', registry, context)];
}

/** The bridge's own identity, in portions of three hours. */
export function entraIdentitySteps(): Step[] {
  return [
    {
      heading: 'Nothing more for Coder',
      why: "Coder is given a token of the registry that the bridge mints from its own identity, with that identity's rights, for about three hours, and a new one at half of that time. What the bridge may read, Coder may pull.",
      commands: [],
    },
  ];
}

/** An app registration whose client secrets the bridge adds and removes. */
export function servicePrincipalSteps(registry: Registry, context: GuideContext): Step[] {
  const { credential } = registry;
  const appId = quote(credential.kind === 'service-principal' ? credential.appId : '');
  const pull = (when: string, role: string): Command => ({ when, run: assignRole(registry, role, PULLER) });
  return [
    {
      heading: 'Let the service principal pull',
      why: 'Coder logs in as it, with a client secret that the bridge renews.',
      commands: [
        showMode(registry),
        { run: assign(PULLER, `az ad sp show --id ${appId} --query id --output tsv`) },
        pull(OUTSIDE_ABAC_MODE, 'AcrPull'),
        pull(IN_ABAC_MODE, READER_IN_ABAC_MODE),
      ],
    },
    {
      heading: 'Let the bridge renew its client secret',
      why: 'The bridge must own the app registration, and have the application permission `Application.ReadWrite.OwnedBy` of Microsoft Graph, which lets it change what it owns and nothing else.',
      commands: [
        { run: setPlaceholder(PRINCIPAL, context) },
        { run: command(`az ad app owner add --id ${appId}`, `--owner-object-id "$${PRINCIPAL}"`) },
        {
          // Graph's own app id, and the role's id: learn.microsoft.com/graph/permissions-reference
          run: command(
            'GRAPH_ID="$(az ad sp show --id 00000003-0000-0000-c000-000000000000 --query id --output tsv)" &&\n  az rest --method post',
            '--url "https://graph.microsoft.com/v1.0/servicePrincipals/$GRAPH_ID/appRoleAssignedTo"',
            `--body "{\\"principalId\\":\\"$${PRINCIPAL}\\",\\"resourceId\\":\\"$GRAPH_ID\\",\\"appRoleId\\":\\"18a4783c-866b-4cc7-a460-3d5e5662c884\\"}"`,
          ),
        },
      ],
      troubles: [
        {
          sign: '`azure-refused` with `Authorization_RequestDenied`',
          meaning: 'The bridge does not own the app registration, or the permission is not granted yet.',
          remedy: 'Repeat both commands, and wait ten minutes.',
        },
      ],
    },
  ];
}

function letBridgeIssue(kind: IssuingKind, registry: Registry, context: GuideContext): Step {
  const { loginServer } = registry;
  const { subscriptionId, resourceGroup, registryName } = partsOf(registry);
  const role = issuingRole(kind, registryName);
  const definition = JSON.stringify({
    Name: role,
    Description: `Issues what Coder pulls with from ${registryName} (${kind}).`,
    Actions: ACTIONS[kind],
    AssignableScopes: [`/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`],
  });
  return {
    heading: 'Let the bridge issue what Coder pulls with',
    doneByAzd: true,
    why: `A role of its own, since each built-in one that can do this can do much more. Whoever has it at ${loginServer} can make passwords for the registry: treat it as an administrator.`,
    commands: [
      { run: setPlaceholder(PRINCIPAL, context) },
      { run: command('az role definition create', `--role-definition ${quote(definition)}`) },
      { run: assignRole(registry, role, PRINCIPAL) },
    ],
    troubles: [
      {
        sign: '`azure-refused` with `AuthorizationFailed`',
        meaning: 'The role is not assigned to the bridge at this registry, or not heeded yet.',
        remedy: 'Repeat the last command, and wait ten minutes.',
      },
    ],
  };
}
