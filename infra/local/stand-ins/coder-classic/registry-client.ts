import { Agent, fetch, type RequestInit, type Response } from 'undici';
import * as z from 'zod';
import { CoderError } from './errors.ts';
import type { RegistryRecord } from './state.ts';

/** Coder's own way to the registries, with the credentials that it holds. */
export interface RegistryClient {
  /**
   * The digest that `repository:tag` has now.
   * @throws CoderError 400 "unable to ping registry", with the cause, when it cannot be read
   */
  digest(registry: RegistryRecord, repository: string, tag: string): Promise<string>;
  /** Aborts the calls under way. */
  close(): Promise<void>;
}

type Send = (url: string | URL, init?: RequestInit) => Promise<Response>;

const ACCEPT = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');
const TIMEOUT_MS = 10_000;
/** The user name that tells ACR that the password is a refresh token. */
const REFRESH_TOKEN_USER = '00000000-0000-0000-0000-000000000000';

const AccessToken = z.object({ access_token: z.string() });
const RefreshToken = z.object({ refresh_token: z.string() });

/**
 * @param ca the only authority it trusts, in PEM
 * @param identityToken an Entra token of Coder's own pods, for registries of kind `acr`
 */
export function createRegistryClient(ca: string, identityToken: () => Promise<string>): RegistryClient {
  const dispatcher = new Agent({ connect: { ca } });
  const send: Send = (url, init) =>
    fetch(url, { ...init, dispatcher, signal: AbortSignal.timeout(TIMEOUT_MS) });
  return {
    async digest(registry, repository, tag) {
      try {
        return await manifestDigest(send, identityToken, registry, `${repository}/manifests/${tag}`);
      } catch (error) {
        throw new CoderError(400, `unable to ping registry for '${repository}:${tag}': ${rootCause(error)}`);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

/** Asks without a credential first, and then as the registry's challenge says. */
async function manifestDigest(
  send: Send,
  identityToken: () => Promise<string>,
  registry: RegistryRecord,
  path: string,
): Promise<string> {
  const url = `https://${registry.registry}/v2/${path}`;
  const probe = await send(url, { headers: { accept: ACCEPT } });
  // Read, and not cancelled, so that the connection can be used again.
  await probe.arrayBuffer();
  let answer = probe;
  if (probe.status === 401) {
    const challenge = probe.headers.get('www-authenticate') ?? '';
    const basic = await basicLogin(send, identityToken, registry);
    const authorization = /^basic/i.test(challenge) ? basic : await bearer(send, challenge, basic);
    answer = await send(url, { method: 'HEAD', headers: { accept: ACCEPT, ...header(authorization) } });
  }
  const digest = succeeded(answer).headers.get('docker-content-digest');
  if (!digest) throw new Error('the registry names no digest');
  return digest;
}

/** The Authorization to log in with; a blank username and password mean an anonymous pull. */
async function basicLogin(
  send: Send,
  identityToken: () => Promise<string>,
  { registry, credential: { kind, username, password } }: RegistryRecord,
): Promise<string | undefined> {
  if (kind === 'acr')
    return basic(REFRESH_TOKEN_USER, await refreshToken(send, registry, await identityToken()));
  return username === '' && password === '' ? undefined : basic(username, password);
}

async function refreshToken(send: Send, service: string, accessToken: string): Promise<string> {
  const form = new URLSearchParams({ grant_type: 'access_token', service, access_token: accessToken });
  const answer = await send(`https://${service}/oauth2/exchange`, { method: 'POST', body: form });
  return RefreshToken.parse(await succeeded(answer).json()).refresh_token;
}

async function bearer(send: Send, challenge: string, authorization: string | undefined): Promise<string> {
  const { realm, service, scope } = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
  if (!realm) throw new Error('the registry answers 401 without a challenge');
  const url = new URL(realm);
  if (service) url.searchParams.set('service', service);
  if (scope) url.searchParams.set('scope', scope);
  const answer = await send(url, { headers: header(authorization) });
  return `Bearer ${AccessToken.parse(await succeeded(answer).json()).access_token}`;
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function header(authorization: string | undefined): { authorization?: string } {
  return authorization === undefined ? {} : { authorization };
}

function succeeded(response: Response): Response {
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

/** `fetch failed` hides what really happened, such as an x509 error, in its causes; some of these only have a code. */
function rootCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return rootCause(error.cause);
  return error.message || String((error as NodeJS.ErrnoException).code);
}
