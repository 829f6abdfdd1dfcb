import type { TokenCredential } from '@azure/identity';
import * as z from 'zod';
import { CredentialError, ServiceError } from '../../errors.ts';
import { remember } from '../../lib/redaction/redact.ts';
import { timeLimit } from '../../lib/time-limit.ts';
import { explainAks } from '../refusals/aks.ts';
import { entraRefusal } from '../refusals/entra.ts';
import { readSaid, type Said, saidBy } from '../refusals/said.ts';
import { hostOf, type SecretAddress } from './address.ts';
import type { ClusterCheck } from './allowed-hosts.ts';
import { type ClusterAnswer, type ClusterRequest, sendToCluster } from './request.ts';

/** A Secret as it is in the cluster. */
export interface FoundSecret {
  type: string;
  /** Content of `.dockerconfigjson`; undefined when it has none. */
  dockerConfig: string | undefined;
  /** Another change of the Secret gives it another one. */
  resourceVersion: string;
}

/** Secrets of type `kubernetes.io/dockerconfigjson` in clusters of AKS. */
export interface PullSecrets {
  /** undefined when there is no such Secret. @throws CredentialError, ServiceError `token-refused` */
  find(at: SecretAddress, signal: AbortSignal): Promise<FoundSecret | undefined>;
  /**
   * Writes the Secret by server-side apply, and takes over the fields that it writes, and no others.
   * @returns false when the Secret has changed since `found` was read
   * @throws CredentialError
   */
  apply(
    at: SecretAddress,
    dockerConfig: string,
    found: FoundSecret | undefined,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Whether `apply` would be taken; changes nothing. @throws CredentialError when it would not */
  tryApply(at: SecretAddress, signal: AbortSignal): Promise<void>;
}

/** AKS's server application in Entra. https://learn.microsoft.com/azure/aks/kubelogin-authentication */
const AKS_SCOPE = '6dae42f8-4368-4678-94ff-3960e28e3630/.default';
const TYPE = 'kubernetes.io/dockerconfigjson';
const KEY = '.dockerconfigjson';
const FIELD_MANAGER = 'coder-acr-bridge';
const TIMEOUT_MS = 10_000;

const Secret = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  type: z.string().default('Opaque'),
  data: z.record(z.string(), z.string()).optional(),
});

export function createPullSecrets(credential: TokenCredential, isAllowedHost: ClusterCheck): PullSecrets {
  async function send(
    at: SecretAddress,
    request: Pick<ClusterRequest, 'method' | 'body'> & { query?: string },
    signal: AbortSignal,
  ): Promise<ClusterAnswer> {
    const { method, body, query = '' } = request;
    const url = new URL(`/api/v1/namespaces/${at.namespace}/secrets/${at.secret}${query}`, at.cluster.server);
    if (!isAllowedHost(url.host)) throw notAllowed(at);
    const soon = timeLimit(TIMEOUT_MS, signal);
    try {
      const token = await credential.getToken(AKS_SCOPE, { abortSignal: soon });
      const headers = {
        authorization: `Bearer ${token?.token}`,
        accept: 'application/json',
        // JSON is YAML too.
        ...(body && { 'content-type': 'application/apply-patch+yaml' }),
      };
      const { certificateAuthority } = at.cluster;
      return await sendToCluster({ method, url, headers, ...(body && { body }), certificateAuthority }, soon);
    } catch (error) {
      const refusal = entraRefusal(error);
      if (!refusal) throw refused(at, saidBy(error), error);
      throw new ServiceError(refusal.reason, refusal.message, { ...refusal, cause: error });
    }
  }

  async function apply(
    at: SecretAddress,
    dockerConfig: string,
    found: FoundSecret | undefined,
    query: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const body = JSON.stringify(manifestOf(at, dockerConfig, found?.resourceVersion));
    const answer = await send(at, { method: 'PATCH', body, query }, signal);
    if (answer.status === 200 || answer.status === 201) return true;
    if (answer.status === 409) return false;
    throw refused(at, saidIn(answer));
  }

  return {
    async find(at, signal) {
      const answer = await send(at, { method: 'GET' }, signal);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw refused(at, saidIn(answer));
      return readSecret(at, answer);
    },
    apply: (at, dockerConfig, found, signal) => apply(at, dockerConfig, found, APPLY, signal),
    async tryApply(at, signal) {
      await apply(at, '{"auths":{}}', undefined, `${APPLY}&dryRun=All`, signal);
    },
  };
}

/** Forced, since a person who edits the Secret becomes the manager of the fields that they change. */
const APPLY = `?fieldManager=${FIELD_MANAGER}&force=true`;

/** With a resource version, the API server refuses the change when another one was faster, or this one comes late. */
function manifestOf(
  { namespace, secret: name }: SecretAddress,
  dockerConfig: string,
  resourceVersion: string | undefined,
): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...{ name, namespace, ...(resourceVersion && { resourceVersion }) },
      labels: { 'app.kubernetes.io/managed-by': FIELD_MANAGER },
    },
    type: TYPE,
    data: { [KEY]: remember(Buffer.from(dockerConfig).toString('base64')) },
  };
}

function readSecret(at: SecretAddress, { body }: ClusterAnswer): FoundSecret {
  try {
    const { metadata, type, data } = Secret.parse(JSON.parse(body));
    const encoded = data?.[KEY];
    const dockerConfig = encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
    return { type, dockerConfig, resourceVersion: metadata.resourceVersion };
  } catch {
    // The error would quote the answer, which holds secrets.
    const message = `${hostOf(at)}: the answer is no Secret. Is it the API server of a cluster?`;
    throw new CredentialError('delivery-refused', message);
  }
}

function saidIn({ status, body }: ClusterAnswer): Said {
  return readSaid(status, body);
}

function refused(at: SecretAddress, said: Said, cause?: unknown): CredentialError {
  const { namespace, secret } = at;
  const { reason, message, ...details } = explainAks(said, { host: hostOf(at), namespace, secret });
  return new CredentialError(reason, message, { ...details, cause });
}

function notAllowed(at: SecretAddress): CredentialError {
  const remedy = 'If it is the API server of your cluster, add it to the setting AKS_ALLOWED_HOSTS.';
  return new CredentialError('delivery-refused', `${hostOf(at)} is not an allowed host.`, { remedy });
}

/** Whether a Secret is as `apply` would leave it. */
export function isPullSecret(found: FoundSecret | undefined, dockerConfig: string): boolean {
  return found?.type === TYPE && found.dockerConfig === dockerConfig;
}
