import type { TokenCredential } from '@azure/identity';
import ky from 'ky';
import * as z from 'zod';
import { CredentialError, ServiceError } from '../errors.ts';
import { boundedFetch } from '../lib/bounded-fetch.ts';
import { remember } from '../lib/redaction/redact.ts';
import { entraRefusal } from './refusals/entra.ts';
import { explainGraph } from './refusals/graph.ts';
import { saidByResponse } from './refusals/said.ts';

/** The client secrets of app registrations, through Microsoft Graph. */
export interface Graph {
  listSecrets(appId: string, signal: AbortSignal): Promise<KnownSecret[]>;
  /** Graph shows the secret only in this answer. */
  addSecret(appId: string, secret: NewSecret, signal: AbortSignal): Promise<AddedSecret>;
  /** Succeeds when the secret is gone already. */
  removeSecret(appId: string, keyId: string, signal: AbortSignal): Promise<void>;
}

export interface NewSecret {
  displayName: string;
  expiresOn: Date;
}

const KnownSecret = z.object({
  keyId: z.string(),
  displayName: z.string().nullish(),
  startDateTime: z.coerce.date().optional(),
});
type KnownSecret = z.infer<typeof KnownSecret>;
const Application = z.object({ passwordCredentials: z.array(KnownSecret) });
const AddedSecret = z.object({ keyId: z.string(), secretText: z.string().transform(remember) });
type AddedSecret = z.infer<typeof AddedSecret>;

const TIMEOUT_MS = 15_000;

/**
 * @param url address of Microsoft Graph in this cloud; its tokens have `audience`
 * @throws CredentialError, from every method, with what Graph says, and the command that repairs it
 * @throws ServiceError `token-refused`
 */
export function createGraph(credential: TokenCredential, url: string, audience: string): Graph {
  async function send(
    method: 'get' | 'post',
    appId: string,
    path: string,
    signal: AbortSignal,
    json?: object,
  ): Promise<unknown> {
    try {
      const token = await credential.getToken(`${audience}/.default`, { abortSignal: signal });
      const answer = await ky(`${url}/v1.0/applications(appId='${appId}')${path}`, {
        method,
        headers: { authorization: `Bearer ${token?.token}` },
        ...(json && { json }),
        ...{ fetch: boundedFetch, redirect: 'error', timeout: TIMEOUT_MS, retry: 0, signal },
      });
      return answer.status === 204 ? undefined : await answer.json();
    } catch (error) {
      throw await toOurError(appId, url, error);
    }
  }

  const listSecrets: Graph['listSecrets'] = async (appId, signal) => {
    const found = await send('get', appId, '?$select=passwordCredentials', signal);
    return Application.parse(found).passwordCredentials;
  };

  return {
    listSecrets,

    async addSecret(appId, { displayName, expiresOn }, signal) {
      const passwordCredential = { displayName, endDateTime: expiresOn.toISOString() };
      return AddedSecret.parse(await send('post', appId, '/addPassword', signal, { passwordCredential }));
    },

    async removeSecret(appId, keyId, signal) {
      const known = await listSecrets(appId, signal);
      if (known.some(secret => secret.keyId === keyId)) {
        await send('post', appId, '/removePassword', signal, { keyId });
      }
    },
  };
}

async function toOurError(appId: string, url: string, error: unknown): Promise<Error> {
  const refusal = entraRefusal(error) ?? explainGraph(await saidByResponse(error), { appId, url });
  const { reason, message, ...more } = refusal;
  const details = { ...more, cause: error };
  return reason === 'token-refused'
    ? new ServiceError(reason, message, details)
    : new CredentialError(reason, message, details);
}
