import ky, { HTTPError } from 'ky';
import * as z from 'zod';
import { describe, ServiceError } from '../errors.ts';
import type { Login } from './acr-login.ts';
import type { HostCheck } from './allowed-hosts.ts';

/** What a login is tried on. */
export interface PullTarget {
  loginServer: string;
  /** A repository that Coder is to pull from; undefined while the registry holds none. */
  repository: string | undefined;
}

export type PullProof = { works: true } | { works: false; message: string };

/** Tries what Coder does with a login. @throws ServiceError `registry-unavailable` when that cannot be told */
export type ProvePull = (target: PullTarget, login: Login, signal: AbortSignal) => Promise<PullProof>;

const AccessToken = z.object({ access_token: z.string() });
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

/** A pull token, the list of tags, and a manifest: exactly the rights that Coder needs, at the login server itself. */
export function createProvePull(isAllowedHost: HostCheck): ProvePull {
  return async ({ loginServer, repository }, { username, password }, signal) => {
    if (!isAllowedHost(loginServer))
      throw new Error(`${loginServer} is not a host that may be sent passwords.`);
    const http = ky.create({
      prefixUrl: `https://${loginServer}`,
      ...{ redirect: 'error', retry: 0, signal },
    });
    const refused = (message: string): PullProof => ({ works: false, message: `${loginServer} ${message}` });
    try {
      const searchParams = new URLSearchParams({ service: loginServer });
      if (repository) searchParams.set('scope', `repository:${repository}:pull,metadata_read`);
      const basic = Buffer.from(`${username}:${password}`).toString('base64');
      const headers = { authorization: `Basic ${basic}` };
      const answer = await http('oauth2/token', { searchParams, headers });
      if (!repository) return { works: true };

      const { access_token } = AccessToken.parse(await answer.json());
      // Whether missing rights are a 401 or a token without them is not documented.
      if (!mayPull(access_token, repository)) return refused(`does not let ${username} pull ${repository}.`);
      const bearer = { authorization: `Bearer ${access_token}` };
      const list = await http(`v2/${repository}/tags/list`, {
        searchParams: { n: 1 },
        headers: bearer,
        throwHttpErrors: status => status !== 404,
      });
      const [tag] = list.status === 404 ? [] : (Tags.parse(await list.json()).tags ?? []);
      // The tag may be gone by now.
      if (tag) {
        await http(`v2/${repository}/manifests/${tag}`, {
          headers: { ...bearer, accept: MANIFESTS },
          throwHttpErrors: status => status !== 404,
        });
      }
      return { works: true };
    } catch (error) {
      const status = error instanceof HTTPError ? error.response.status : 0;
      if (status === 401 || status === 403) return refused(`refuses ${username} with ${status}.`);
      throw new ServiceError('registry-unavailable', `${loginServer}: ${describe(error)}`, { cause: error });
    }
  };
}

function mayPull(token: string, repository: string): boolean {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { access } = Claims.parse(JSON.parse(payload));
  return access.some(({ name, actions }) => name === repository && actions.includes('pull'));
}
