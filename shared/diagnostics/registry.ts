import type { TokenCredential } from '@azure/identity';
import ky from 'ky';
import type { Acr } from '../azure/acr.ts';
import type { HostCheck } from '../azure/allowed-hosts.ts';
import type { RegistryDescription } from '../azure/arm.ts';
import type { ArmCredentials } from '../azure/arm-credentials.ts';
import type { Graph } from '../azure/graph.ts';
import { credentialKind } from '../credentials/credential.ts';
import { CredentialError, describe, ServiceError, statusOf } from '../errors.ts';
import type { Images } from '../images.ts';
import { RefusedError } from '../refused.ts';
import type { StoredRegistry } from '../registry.ts';
import { chooseRepository } from '../rotation/repository.ts';
import { LISTER_IN_ABAC_MODE, READER_IN_ABAC_MODE } from '../setup/roles.ts';
import { type Check, type Diagnosis, fine, unknown, type Verdict, wrong } from './check.ts';
import { assignRole, run } from './commands.ts';

export interface RegistryCheckServices {
  credential: TokenCredential;
  acr: Acr;
  images: Images;
  armCredentials: ArmCredentials;
  graph: Graph;
  isAllowedHost: HostCheck;
  exchange(loginServer: string, signal: AbortSignal): Promise<string>;
  now(): Date;
}

/** Entra and the registries refuse tokens that are not valid yet, or not any more, by about as much. */
const MOST_SKEW_MS = 5 * 60_000;

/** The registry itself: what Azure says of it, and whether the bridge can read it. */
export function registryChecks(services: RegistryCheckServices): Check[] {
  const { acr, armCredentials, graph, isAllowedHost, exchange, now } = services;
  return [
    {
      name: 'azure-resource',
      truth: 'Azure shows the registry to the bridge.',
      needs: ['managed-identity', 'tables'],
      async run({ registry: { resourceId }, describe: ask, principalId }) {
        try {
          const { loginServer, sku, abac } = await ask();
          return fine(`Azure says ${loginServer}, ${sku}, ${abac ? 'in ABAC mode' : 'not in ABAC mode'}.`);
        } catch (error) {
          return explainAzure(error, resourceId, principalId);
        }
      },
    },
    {
      name: 'login-server',
      truth: 'Its login server is the one that Coder was told, and may be sent tokens.',
      needs: ['azure-resource'],
      async run({ registry, describe: ask }) {
        const { loginServer } = await ask();
        if (loginServer !== registry.loginServer) {
          const message = `Azure says ${loginServer}, and the record says ${registry.loginServer}.`;
          const remedy = `PUT the registry again: /api/registries/${registry.name}. Delete ${registry.loginServer} in Coder.`;
          return wrong('login-server-changed', message, remedy);
        }
        if (isAllowedHost(loginServer)) return fine(`${loginServer} may be sent tokens.`);
        const message = `${loginServer} is not a host that may be sent tokens.`;
        return wrong('host-not-allowed', message, `If it is right, add it to the setting ACR_ALLOWED_HOSTS.`);
      },
    },
    {
      name: 'credential-kind',
      truth: 'The registry allows the kind of credential that was declared, and the bridge may issue it.',
      needs: ['azure-resource'],
      async run({ registry, describe: ask, signal }) {
        const { credential } = registry;
        const context = { registry, arm: armCredentials, graph, signal };
        try {
          await credentialKind(credential.kind).check?.(credential, await ask(), context);
          return fine(`${registry.loginServer} allows ${credential.kind}.`);
        } catch (error) {
          return explainKind(error, registry);
        }
      },
    },
    {
      name: 'acr-exchange',
      truth: "The registry exchanges the identity's Entra token for one of its own.",
      needs: ['login-server'],
      async run({ registry: { loginServer }, signal }) {
        try {
          await exchange(loginServer, signal);
          return fine(`${loginServer} takes the identity's token.`);
        } catch (error) {
          return explainExchange(error, loginServer);
        }
      },
    },
    {
      name: 'repository-list',
      truth: 'The registry lists its repositories to the bridge.',
      needs: ['acr-exchange'],
      async run(diagnosis) {
        const { loginServer } = diagnosis.registry;
        return readable(diagnosis, LISTER_IN_ABAC_MODE, async () => {
          await acr.checkAccess(loginServer, diagnosis.signal);
          return fine(`${loginServer} lists its repositories.`);
        });
      },
    },
    {
      name: 'tag-list',
      truth: 'The registry lists the tags of a repository to the bridge.',
      needs: ['repository-list'],
      async run(diagnosis) {
        return readable(diagnosis, READER_IN_ABAC_MODE, async () => {
          const { repository, tag } = await sample(acr, diagnosis);
          if (!repository) return fine('The registry has no repository that the policy names yet.');
          return fine(tag ? `${repository} has the tag ${tag}.` : `${repository} has no tag.`);
        });
      },
    },
    {
      name: 'manifest',
      truth: 'The registry shows the bridge what a tag points to.',
      needs: ['tag-list'],
      async run(diagnosis) {
        const { loginServer } = diagnosis.registry;
        return readable(diagnosis, READER_IN_ABAC_MODE, async () => {
          const { repository, tag } = await sample(acr, diagnosis);
          if (!repository || !tag) return fine('There is no image to look at yet.');
          const source = { loginServer, repository, signal: diagnosis.signal };
          const found = await acr.getManifest(source, tag);
          return fine(`${repository}:${tag} is ${found?.digest ?? 'gone by now'}.`);
        });
      },
    },
    {
      name: 'clock',
      truth: "The app's clock and that of the registry agree within five minutes.",
      needs: ['login-server'],
      async run({ registry: { loginServer }, signal }) {
        const dates = await askTime(loginServer, signal);
        if (!dates) return unknown(`${loginServer} did not tell its time.`);
        const skewMs = now().getTime() - dates.getTime();
        const seconds = Math.round(Math.abs(skewMs) / 1_000);
        const message = `The app's clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} that of ${loginServer}.`;
        if (Math.abs(skewMs) <= MOST_SKEW_MS) return fine(message);
        const remedy =
          'Where the app runs on Azure, restart it, which moves it to another machine. On a machine of your own run: timedatectl set-ntp true';
        return wrong('clock-off', message, remedy);
      },
    },
  ];
}

/** A tag on which reading is tried, of a repository that Coder is to pull from. */
async function sample(acr: Acr, { registry, signal }: Diagnosis) {
  const repository = await chooseRepository(acr, registry, signal);
  if (!repository) return {};
  for await (const { tag } of acr.listTags({ loginServer: registry.loginServer, repository, signal })) {
    return { repository, tag };
  }
  return { repository };
}

/** @param abacRole what reading it takes in ABAC mode; AcrPull otherwise */
async function readable(
  { registry, describe: ask, principalId }: Diagnosis,
  abacRole: string,
  read: () => Promise<Verdict>,
): Promise<Verdict> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.reason !== 'registry-unauthorized') return unreachable(error, registry.loginServer);
    const { abac }: RegistryDescription = await ask();
    const role = abac ? abacRole : 'AcrPull';
    return wrong(error.reason, error.message, assignRole(role, principalId, registry.resourceId));
  }
}

function explainAzure(error: unknown, resourceId: string, principalId: string): Verdict {
  const status = statusOf(error);
  const message = `Azure Resource Manager: ${describe(error)}`;
  if (status === 404 || status === 400) {
    const remedy =
      'Compare its resource id with: az acr list --query "[].id"\nA registry that was moved is DELETEd here and added again.';
    return wrong('registry-not-found', message, remedy);
  }
  if (status === 401 || status === 403) {
    return wrong('registry-not-readable', message, assignRole('Reader', principalId, resourceId));
  }
  const remedy = 'Check ARM_URL, and that the network of the app reaches it.';
  return wrong('azure-unavailable', message, remedy);
}

function explainKind(error: unknown, { name, credential, resourceId }: StoredRegistry): Verdict {
  const guide = `See GET /api/registries/${name}/setup?format=markdown, which has the commands for ${credential.kind}.`;
  if (error instanceof RefusedError || error instanceof CredentialError) {
    const isOff = credential.kind === 'admin' && error.reason !== 'azure-refused';
    const enable = run(`az acr update --name ${resourceId.split('/').at(-1)} --admin-enabled true`);
    return wrong(error.reason, error.message, isOff ? enable : guide);
  }
  if (error instanceof ServiceError) {
    return wrong(error.reason, error.message, 'Wait some minutes, and ask again.');
  }
  throw error;
}

function explainExchange(error: unknown, loginServer: string): Verdict {
  if (!(error instanceof ServiceError)) throw error;
  if (error.reason !== 'registry-unauthorized') return unreachable(error, loginServer);
  const remedy =
    'Registry and identity must be of one Entra tenant, and ACR_AUDIENCE must fit the cloud. Where the registry has a firewall, let the app through: az acr network-rule list --name NAME, or a private endpoint.';
  return wrong('token-not-taken', error.message, remedy);
}

function unreachable({ reason, message }: ServiceError, loginServer: string): Verdict {
  const remedy = `Check the network path from the app to ${loginServer}: its name, its certificate, firewalls. If the registry only asks for a pause, wait.`;
  return wrong(reason, message, remedy);
}

/** What time it is for the registry, from its answer to somebody who has no token. */
async function askTime(loginServer: string, signal: AbortSignal): Promise<Date | undefined> {
  const answer = await ky
    .get(`https://${loginServer}/v2/`, { throwHttpErrors: false, redirect: 'error', retry: 0, signal })
    .catch(() => undefined);
  const date = new Date(answer?.headers.get('date') ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
