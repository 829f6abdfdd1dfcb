import type { TokenCredential } from '@azure/identity';
import ky, { HTTPError } from 'ky';
import * as z from 'zod';
import { CredentialError, describe } from '../errors.ts';
import { boundedFetch } from '../lib/bounded-fetch.ts';
import { remember } from '../lib/redaction/redact.ts';
import { addAppOwner, showApp } from './az-commands.ts';

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

const KnownSecret = z.object({ keyId: z.string(), displayName: z.string().nullish() });
type KnownSecret = z.infer<typeof KnownSecret>;
const Application = z.object({ passwordCredentials: z.array(KnownSecret) });
const AddedSecret = z.object({ keyId: z.string(), secretText: z.string().transform(remember) });
type AddedSecret = z.infer<typeof AddedSecret>;
const GraphError = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

const TIMEOUT_MS = 15_000;

/**
 * @param url address of Microsoft Graph in this cloud; its tokens have `audience`
 * @throws CredentialError, from every method: `azure-refused` with the command that repairs it, or `graph-unavailable`
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
      throw await toCredentialError(appId, error);
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

async function toCredentialError(appId: string, error: unknown): Promise<CredentialError> {
  if (!(error instanceof HTTPError)) {
    return new CredentialError('graph-unavailable', `Microsoft Graph: ${describe(error)}`, error);
  }
  const { status } = error.response;
  const parsed = GraphError.safeParse(await error.response.json().catch(() => undefined));
  const said = parsed.success ? `${parsed.data.error.code}, ${parsed.data.error.message}` : 'no reason';
  const message = `Microsoft Graph: ${status}, ${said}`;
  if (status === 403) {
    const advice = `The bridge's identity must own the app registration ${appId} and have the application permission Application.ReadWrite.OwnedBy. Run: ${addAppOwner(appId, 'PRINCIPAL_ID')}`;
    return new CredentialError('azure-refused', `${message} ${advice}`, error);
  }
  if (status === 404) {
    const advice = `There is no app registration ${appId} in this tenant. Compare with: ${showApp(appId)}`;
    return new CredentialError('azure-refused', advice, error);
  }
  return new CredentialError(status === 400 ? 'azure-refused' : 'graph-unavailable', message, error);
}
