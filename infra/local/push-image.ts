import { Agent, fetch, type RequestInit, type Response } from 'undici';
import type { OciManifest } from './oci-image.ts';

/** Where to push, and as whom. */
export interface PushTarget {
  /** Base URL without a trailing slash. */
  registryUrl: string;
  username: string;
  password: string;
  /** PEM of the authority that signed the registry's certificate, when it is not a public one. */
  ca?: string;
}

/**
 * Pushes a manifest, and first of all what it refers to.
 *
 * @param tag absent for an untagged push, by digest
 * @returns the digest
 */
export async function pushImage(
  target: PushTarget,
  repository: string,
  manifest: OciManifest,
  tag?: string,
): Promise<string> {
  await pushImages(target, repository, [{ manifest, tag }]);
  return manifest.digest;
}

/** Pushes images to one repository, one after the other, with one login, and each blob once. */
export async function pushImages(
  target: PushTarget,
  repository: string,
  images: readonly { manifest: OciManifest; tag?: string | undefined }[],
): Promise<void> {
  const dispatcher = new Agent(target.ca === undefined ? {} : { connect: { ca: target.ca } });
  try {
    const authorization = await logIn(target, repository, dispatcher);
    const send: Send = (path, { headers, ...init }) =>
      request(new URL(path, target.registryUrl), {
        ...init,
        dispatcher,
        headers: { ...headers, authorization },
      });
    const there = new Set<string>();
    for (const { manifest, tag } of images) await push(send, repository, manifest, tag, there);
  } finally {
    await dispatcher.destroy();
  }
}

type Send = (
  path: string,
  init: { method: string; headers?: Record<string, string>; body?: Buffer },
) => Promise<Response>;

/** @param there digests of the blobs that the repository holds */
async function push(
  send: Send,
  repository: string,
  manifest: OciManifest,
  tag: string | undefined,
  there: Set<string>,
): Promise<void> {
  for (const { digest, content } of manifest.blobs) {
    if (there.has(digest)) continue;
    const started = await send(`/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const location = started.headers.get('location') ?? '';
    const query = `${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
    const headers = { 'content-type': 'application/octet-stream' };
    await send(location + query, { method: 'PUT', headers, body: content });
    there.add(digest);
  }
  for (const child of manifest.manifests) await push(send, repository, child, undefined, there);
  const headers = { 'content-type': manifest.mediaType };
  const path = `/v2/${repository}/manifests/${tag ?? manifest.digest}`;
  await send(path, { method: 'PUT', headers, body: manifest.content });
}

/** The Authorization header for pushing to the repository, from the token service that the registry names. */
async function logIn(target: PushTarget, repository: string, dispatcher: Agent): Promise<string> {
  const basic = `Basic ${Buffer.from(`${target.username}:${target.password}`).toString('base64')}`;
  const { headers } = await fetch(`${target.registryUrl}/v2/`, { dispatcher });
  const challenge = headers.get('www-authenticate') ?? '';
  const realm = /realm="([^"]*)"/.exec(challenge)?.[1];
  if (!challenge.startsWith('Bearer') || !realm) return basic;

  const url = new URL(realm);
  url.searchParams.set('service', /service="([^"]*)"/.exec(challenge)?.[1] ?? '');
  url.searchParams.set('scope', `repository:${repository}:pull,push`);
  const response = await request(url, { dispatcher, headers: { authorization: basic } });
  const { access_token } = (await response.json()) as { access_token: string };
  return `Bearer ${access_token}`;
}

/** @throws when the registry refuses */
async function request(url: URL, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.ok) return response;
  throw new Error(`${init.method ?? 'GET'} ${url.pathname}: ${response.status} ${await response.text()}`);
}
