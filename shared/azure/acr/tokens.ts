import type { TokenCredential } from '@azure/identity';
import ky, { HTTPError, type KyInstance } from 'ky';
import * as z from 'zod';
import { ServiceError } from '../../errors.ts';
import { boundedFetch } from '../../lib/bounded-fetch.ts';
import { claimsOf } from '../../lib/jwt.ts';
import { remember } from '../../lib/redaction/redact.ts';
import { explainAcr } from '../refusals/acr.ts';
import { entraRefusal } from '../refusals/entra.ts';
import { saidByResponse } from '../refusals/said.ts';
import { type HostCheck, refuseOtherHost } from './allowed-hosts.ts';

/** A user name and a password that a registry accepts. */
export interface Login {
  username: string;
  password: string;
}

/** Where a login is tested. */
export interface PullTarget {
  loginServer: string;
  /** A repository that Coder will pull from; undefined while the registry has none. */
  repository: string | undefined;
}

/** `refused`: the password; `no-rights`: the registry knows the password, but does not let it pull. */
export type PullProof = { works: true } | { works: false; why: 'refused' | 'no-rights'; message: string };

/**
 * Tests a login with the calls that Coder makes.
 * @throws ServiceError when the answer says nothing about the login: `registry-unavailable` when the registry does not
 * answer, `registry-unauthorized` when it refuses every caller, such as by its network rules
 */
export type ProvePull = (target: PullTarget, login: Login, signal: AbortSignal) => Promise<PullProof>;

/**
 * The token service of a registry. The official client accepts only Entra credentials and cannot test a login.
 * https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
 */
export interface AcrTokens {
  /**
   * Exchanges the managed identity's Entra token for a refresh token of the registry, which `docker login` takes as a
   * password.
   * @throws ServiceError `registry-unauthorized` or `registry-unavailable`
   */
  exchange(loginServer: string, signal: AbortSignal): Promise<string>;
  /**
   * Asks the registry for a token as `docker login` does. This tests the password and nothing else.
   * @throws ServiceError as `ProvePull` does
   */
  acceptsLogin(loginServer: string, login: Login, signal: AbortSignal): Promise<boolean>;
  /** Gets a pull token, the list of tags and a manifest: this needs exactly the rights that Coder needs. */
  provePull: ProvePull;
}

interface AcrTokenOptions {
  credential: TokenCredential;
  /** Audience of the Entra token that a registry exchanges. */
  audience: string;
  isAllowedHost: HostCheck;
}

const Exchanged = z.object({ refresh_token: z.string().transform(remember) });
const AccessToken = z.object({ access_token: z.string().transform(remember) });
const Claims = z.object({
  access: z.array(z.object({ name: z.string(), actions: z.array(z.string()) })).default([]),
});
const Tags = z.object({ tags: z.array(z.string()).nullish() });

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

export function createAcrTokens({ credential, audience, isAllowedHost }: AcrTokenOptions): AcrTokens {
  return {
    async exchange(loginServer, signal) {
      refuseOtherHost(isAllowedHost, loginServer, 'tokens');
      try {
        const token = await credential.getToken(`${audience}/.default`, { abortSignal: signal });
        const form = { grant_type: 'access_token', service: loginServer, access_token: token?.token ?? '' };
        const body = new URLSearchParams(form);
        const answer = await clientOf(loginServer, signal).post('oauth2/exchange', { body });
        return Exchanged.parse(await answer.json()).refresh_token;
      } catch (error) {
        throw await toServiceError(loginServer, error, { isExchange: true });
      }
    },

    async acceptsLogin(loginServer, login, signal) {
      refuseOtherHost(isAllowedHost, loginServer, 'passwords');
      return accepts(clientOf(loginServer, signal, 2), loginServer, login);
    },

    async provePull({ loginServer, repository }, login, signal) {
      refuseOtherHost(isAllowedHost, loginServer, 'passwords');
      const http = clientOf(loginServer, signal);
      const { username } = login;
      const refused = {
        works: false,
        why: 'refused',
        message: `${loginServer} refuses ${username}.`,
      } as const;
      if (!repository) return (await accepts(http, loginServer, login)) ? { works: true } : refused;
      const token = await pullToken(http, loginServer, login, repository);
      if (token !== undefined) {
        await readSomeManifest(http, repository, token).catch(async (error: unknown) => {
          throw await toServiceError(loginServer, error);
        });
        return { works: true };
      }
      // The registry may refuse the password, or only this repository.
      if (!(await accepts(http, loginServer, login))) return refused;
      const message = `${loginServer} does not let ${username} pull ${repository}.`;
      return { works: false, why: 'no-rights', message };
    },
  };
}

/** A token for pulling; undefined when the registry gives none. @throws ServiceError when that says nothing */
async function pullToken(
  http: KyInstance,
  loginServer: string,
  login: Login,
  repository: string,
): Promise<string | undefined> {
  try {
    const scope = `repository:${repository}:pull,metadata_read`;
    const answer = await requestToken(http, loginServer, login, scope);
    const { access_token } = AccessToken.parse(await answer.json());
    // It is not documented whether a registry answers missing rights with 401 or with a token that lacks them.
    return mayPull(access_token, repository) ? access_token : undefined;
  } catch (error) {
    if (statusIn(error) === 401) return undefined;
    throw await toServiceError(loginServer, error);
  }
}

/** Whether the registry accepts the password, whatever it may do. @throws ServiceError when its answer says nothing */
async function accepts(http: KyInstance, loginServer: string, login: Login): Promise<boolean> {
  try {
    await requestToken(http, loginServer, login);
    return true;
  } catch (error) {
    // Only 401 is about the password: network rules answer 403, and a registry that fails answers anything else.
    if (statusIn(error) === 401) return false;
    throw await toServiceError(loginServer, error);
  }
}

/** A login in the form that HTTP Basic authentication and Docker's configuration use. */
export function basicAuth({ username, password }: Login): string {
  remember(password);
  return Buffer.from(`${username}:${password}`).toString('base64');
}

function clientOf(loginServer: string, signal: AbortSignal, retry = 0): KyInstance {
  const prefixUrl = `https://${loginServer}`;
  return ky.create({ prefixUrl, fetch: boundedFetch, redirect: 'error', retry, signal });
}

function requestToken(http: KyInstance, service: string, login: Login, scope?: string): Promise<Response> {
  return http('oauth2/token', {
    searchParams: { service, ...(scope && { scope }) },
    headers: { authorization: `Basic ${basicAuth(login)}` },
  });
}

function mayPull(token: string, repository: string): boolean {
  const { access } = Claims.parse(claimsOf(token));
  return access.some(({ name, actions }) => name === repository && actions.includes('pull'));
}

/** Reads the manifest of the repository's first tag, as a pull does. A repository without tags proves nothing more. */
async function readSomeManifest(http: KyInstance, repository: string, token: string): Promise<void> {
  const bearer = { authorization: `Bearer ${token}` };
  // The repository or the tag may have been deleted in between.
  const throwHttpErrors = (status: number) => status !== 404;
  const list = await http(`v2/${repository}/tags/list`, {
    ...{ searchParams: { n: 1 }, headers: bearer, throwHttpErrors },
  });
  const [tag] = list.status === 404 ? [] : (Tags.parse(await list.json()).tags ?? []);
  if (!tag) return;
  await http(`v2/${repository}/manifests/${tag}`, {
    ...{ headers: { ...bearer, accept: MANIFESTS }, throwHttpErrors },
  });
}

function statusIn(error: unknown): number | undefined {
  return error instanceof HTTPError ? error.response.status : undefined;
}

/** `registry-unauthorized` when the registry refuses the caller; not when its network rules refuse everybody. */
async function toServiceError(
  loginServer: string,
  error: unknown,
  call: { isExchange?: boolean } = {},
): Promise<ServiceError> {
  const refusal =
    entraRefusal(error) ?? explainAcr(await saidByResponse(error), { ...call, loginServer, read: 'a token' });
  return new ServiceError(refusal.reason, refusal.message, { ...refusal, cause: error });
}
