import { READER_IN_ABAC_MODE, registryName, roleAssignment } from '../az-commands.ts';
import { addressIn, explain, PRINCIPAL, PRIVATE_ENDPOINT, type Refusal, type Row } from './refusal.ts';
import type { Said } from './said.ts';

export type AcrReason =
  | 'network-denied'
  | 'image-locked'
  | 'upstream-throttled'
  | 'config-missing'
  | 'manifest-too-large'
  | 'manifest-unreadable'
  | 'registry-unauthorized'
  | 'registry-unavailable';

/** A call to a registry, to say which one failed. */
export interface AcrCall {
  loginServer: string;
  /** Host that was asked last: the login server, which it is by default, or the storage that it redirected to. */
  host?: string;
  repository?: string;
  /** Tag or digest of a manifest. */
  reference?: string;
  /** What was to be read, for people. */
  read: string;
  /** Of an image, its part. */
  of?: 'manifest' | 'config';
  /** The call exchanged an Entra token. */
  isExchange?: boolean;
}

/** ACR quotes 429 of the source registry of a cache rule in an answer of its own (github.com/Azure/acr/issues/754). */
export const UPSTREAM = /source registry|cache rule|upstream/i;

/** What a call was to read. */
export function whatOf({ repository, read }: AcrCall): string {
  return repository ? `${read} of ${repository}` : read;
}

/** An answer about this image alone, and not about the registry. */
function isOfImage({ of }: AcrCall, { status = 0 }: Said): boolean {
  return of !== undefined && status >= 400 && status < 500 && ![407, 408, 429].includes(status);
}

const isStorage = ({ host, loginServer }: AcrCall) => host !== undefined && host !== loginServer;
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
    status: [403],
    says: /client with IP|not allowed access|firewall|private (?:link|endpoint)|public network access/i,
    reason: 'network-denied',
    meaning: ({ loginServer }) => `The network rules of ${loginServer} keep the bridge out`,
    remedy: ({ loginServer }, said) => letIn(registryName(loginServer), addressIn(said)),
  },
  {
    status: [405],
    reason: 'image-locked',
    meaning: call => `A lock or the quarantine of ${call.loginServer} forbids reading ${whatOf(call)}`,
    remedy: ({ repository = 'REPOSITORY', reference = 'TAG', loginServer }) => {
      const image = `${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
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
    meaning: call => `${call.loginServer} does not let the bridge's identity read ${whatOf(call)}`,
    remedy: ({ loginServer }) => {
      const scope = `"$(az acr show --name ${registryName(loginServer)} --query id --output tsv)"`;
      return `Run: ${roleAssignment('AcrPull', PRINCIPAL, scope).join(' ')} (in ABAC mode the role is '${READER_IN_ABAC_MODE}')`;
    },
  },
  {
    status: [429],
    says: UPSTREAM,
    reason: 'upstream-throttled',
    retryable: true,
    meaning: call =>
      `The source registry of a cache rule of ${call.loginServer} asks to slow down (${whatOf(call)})`,
    remedy: ({ loginServer }) =>
      `Wait. If it stays, give the cache rule credentials of the source registry: az acr cache list --registry ${registryName(loginServer)}`,
  },
  {
    if: (call, said) => call.of === 'config' && isOfImage(call, said),
    reason: 'config-missing',
    meaning: call => `${call.loginServer} does not give ${whatOf(call)}`,
    remedy: () => 'If it stays, push the image again.',
  },
  {
    if: isOfImage,
    status: [413],
    reason: 'manifest-too-large',
    meaning: call => `${call.loginServer} does not give ${whatOf(call)}, which is too large`,
    remedy: () => 'Push the image with a smaller manifest: fewer layers or shorter annotations.',
  },
  {
    if: isOfImage,
    reason: 'manifest-unreadable',
    meaning: call => `${call.loginServer} does not give ${whatOf(call)}`,
    remedy: () => 'If it stays, push the image again.',
  },
  {
    if: isStorage,
    reason: 'registry-unavailable',
    retryable: true,
    meaning: call => `${storage(call)} failed, or cannot be reached from the app`,
    remedy: call => `Wait. If it stays: ${letOut(call)}`,
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
    meaning: call => `${call.loginServer} failed, or cannot be reached from the app (${whatOf(call)})`,
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
  return explain(ROWS, call.host ?? call.loginServer, said, call);
}
