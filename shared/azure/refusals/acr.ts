import { READER_IN_ABAC_MODE, registryName, roleAssignment } from '../az-commands.ts';
import { addressIn, explain, PRINCIPAL, PRIVATE_ENDPOINT, type Refusal, type Row } from './refusal.ts';
import type { Said } from './said.ts';

export type AcrReason = 'network-denied' | 'image-locked' | 'registry-unauthorized' | 'registry-unavailable';

/** What a registry was asked. */
export interface AcrCall {
  loginServer: string;
  /** Host that was asked last: the login server, or the storage that it redirected to. */
  host: string;
  /** The repository, with its tag or digest where one was asked for. */
  image?: string | undefined;
  /** The call exchanged an Entra token. */
  isExchange?: boolean;
}

const isStorage = ({ host, loginServer }: AcrCall) => host !== loginServer;
const storage = ({ host, loginServer }: AcrCall) =>
  `${host}, the data endpoint that ${loginServer} redirects to,`;

/** https://learn.microsoft.com/azure/container-registry/container-registry-dedicated-data-endpoints */
const letOut = ({ loginServer, host }: AcrCall) =>
  `Let the app reach ${host}: every host that the registry needs is listed by: az acr show-endpoints --name ${registryName(loginServer)}`;

const ROWS: readonly Row<AcrReason, AcrCall>[] = [
  {
    if: isStorage,
    code: /^AuthenticationFailed$/,
    reason: 'registry-unavailable',
    retryable: true,
    meaning: call => `${storage(call)} does not take the signed address that the registry gave`,
    remedy: () =>
      'Wait. If it stays, check that no proxy between the app and the storage adds or changes headers, and that the clock of the app is right.',
  },
  {
    if: isStorage,
    status: [401, 403],
    reason: 'network-denied',
    meaning: call => `${storage(call)} keeps the bridge out by its network rules`,
    remedy: call =>
      `${letOut(call)}\nIf that storage is behind a firewall, let the registry's own data endpoints serve the layers: az acr update --name ${registryName(call.loginServer)} --data-endpoint-enabled true`,
  },
  {
    if: isStorage,
    reason: 'registry-unavailable',
    retryable: true,
    meaning: call => `${storage(call)} failed, or cannot be reached from the app`,
    remedy: call => `Wait. If it stays: ${letOut(call)}`,
  },
  {
    status: [403],
    says: /client with IP|not allowed access|firewall|private (?:link|endpoint)|public network access/i,
    reason: 'network-denied',
    meaning: ({ loginServer }) => `The network rules of ${loginServer} keep the bridge out`,
    remedy: ({ loginServer }, said) => letIn(registryName(loginServer), addressIn(said)),
  },
  {
    status: [405],
    code: /^(?:REGISTRY_DISALLOWED_OPERATION|UNSUPPORTED|DISALLOWED_OPERATION)$/,
    reason: 'image-locked',
    meaning: ({ image, loginServer }) =>
      `A lock or the quarantine of ${loginServer} forbids reading ${image ?? 'it'}`,
    remedy: ({ image = 'REPOSITORY:TAG', loginServer }) => {
      const at = `--name ${registryName(loginServer)} --image ${image}`;
      return `See what is locked: az acr repository show ${at} --query changeableAttributes\nUnlock it: az acr repository update ${at} --read-enabled true`;
    },
  },
  {
    if: ({ isExchange }) => isExchange === true,
    status: [401, 403],
    reason: 'registry-unauthorized',
    meaning: ({ loginServer }) => `${loginServer} does not take the Entra token of the bridge's identity`,
    remedy: ({ loginServer }) =>
      `Registry and identity must be in one Entra tenant, and ACR_AUDIENCE must fit the cloud. An audience of Azure Resource Manager must be allowed: az acr config authentication-as-arm show --registry ${registryName(loginServer)}\nIf the registry has a firewall, compare: az acr network-rule list --name ${registryName(loginServer)}`,
  },
  {
    status: [401, 403],
    reason: 'registry-unauthorized',
    meaning: ({ loginServer, image }) =>
      `${loginServer} does not let the bridge's identity read ${image ?? 'its repositories'}`,
    remedy: ({ loginServer }) => {
      const scope = `"$(az acr show --name ${registryName(loginServer)} --query id --output tsv)"`;
      return `Run: ${roleAssignment('AcrPull', PRINCIPAL, scope).join(' ')} (in ABAC mode the role is '${READER_IN_ABAC_MODE}')`;
    },
  },
  {
    status: [429],
    reason: 'registry-unavailable',
    retryable: true,
    meaning: ({ loginServer }) => `${loginServer} asked the bridge to slow down`,
    remedy: () => 'Wait: the bridge tries again after the pause.',
  },
  {
    reason: 'registry-unavailable',
    retryable: true,
    meaning: ({ loginServer }) => `${loginServer} failed, or cannot be reached from the app`,
    remedy: ({ loginServer }) =>
      `Wait. If it stays, check the network path from the app to ${loginServer}: its name, its certificate, firewalls.`,
  },
];

/** https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks */
function letIn(registry: string, address: string | undefined): string {
  const rule = `az acr network-rule add --name ${registry} --ip-address ${address ?? 'ADDRESS'}`;
  return `Let the app in: ${rule}\nIf the app has no address of its own, or the registry takes none from public networks, ${PRIVATE_ENDPOINT}.`;
}

export function explainAcr(said: Said, call: AcrCall): Refusal<AcrReason> {
  return explain(ROWS, isStorage(call) ? call.host : call.loginServer, said, call);
}
