import { Agent, fetch, type Response } from 'undici';
import * as z from 'zod';
import { sha256 } from '../../../digest.ts';
import { ANY_MANIFEST } from '../../../manifest-types.ts';
import { type ImageReference, parseImage } from './image-reference.ts';

/** What a secret of type `kubernetes.io/dockerconfigjson` holds, as far as it is read. */
export interface PullSecret {
  auths: Record<string, { username: string; password: string }>;
}

export interface PullOptions {
  /** The only authority that is trusted, in PEM. */
  ca: string;
  /** Whether the network of the cluster reaches the host. */
  reaches(host: string): boolean;
  pullSecret(): PullSecret | undefined;
}

const Manifest = z.object({
  config: z.object({ digest: z.string() }).optional(),
  layers: z.array(z.object({ digest: z.string() })).optional(),
  manifests: z.array(z.object({ digest: z.string() })).optional(),
});

/** Configuration of an image, as far as it is read. https://github.com/opencontainers/image-spec/blob/main/config.md */
const Config = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});
export type Labels = Readonly<Record<string, string>>;

const TIMEOUT_MS = 10_000;

/** Pulls an image whole: its manifest, and every blob that this names. @throws with the cause */
export async function pullImage(image: string, options: PullOptions): Promise<Labels> {
  const reference = parseImage(image);
  if (!options.reaches(reference.host)) throw new Error(`dial tcp: lookup ${reference.host}: no such host`);
  const dispatcher = new Agent({ connect: { ca: options.ca } });
  try {
    const get = createGet(reference, options.pullSecret(), dispatcher);
    return await pullManifest(get, reference.manifest);
  } finally {
    await dispatcher.destroy();
  }
}

/** Reads from the image's repository. */
type Get = (path: string) => Promise<Buffer>;

async function pullManifest(get: Get, name: string): Promise<Labels> {
  const content = await get(`manifests/${name}`);
  refuseOther(name, content);
  const { config, layers = [], manifests = [] } = Manifest.parse(JSON.parse(content.toString()));
  // The first platform of an index serves: containers here run nothing.
  if (manifests[0]) return pullManifest(get, manifests[0].digest);
  for (const { digest } of layers) await getBlob(get, digest);
  return config ? labelsOf(await getBlob(get, config.digest)) : {};
}

async function getBlob(get: Get, digest: string): Promise<Buffer> {
  const content = await get(`blobs/${digest}`);
  refuseOther(digest, content);
  return content;
}

function labelsOf(content: Buffer): Labels {
  return Config.parse(JSON.parse(content.toString())).config?.Labels ?? {};
}

/** @throws when the content has another digest than its name says */
function refuseOther(name: string, content: Buffer): void {
  if (name.startsWith('sha256:') && sha256(content) !== name)
    throw new Error(`content of ${name} is another`);
}

function createGet(
  { host, repository }: ImageReference,
  secret: PullSecret | undefined,
  dispatcher: Agent,
): Get {
  const login = secret?.auths[host];
  const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  let authorization: string | undefined;
  const send = (url: string, header: string | undefined): Promise<Response> =>
    fetch(url, {
      dispatcher,
      headers: { accept: ANY_MANIFEST, ...(header && { authorization: header }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  return async path => {
    const url = `https://${host}/v2/${repository}/${path}`;
    let response = await send(url, authorization);
    if (response.status === 401 && authorization === undefined) {
      const challenge = response.headers.get('www-authenticate') ?? '';
      authorization = await bearerFor(challenge, tokenUrl => send(tokenUrl, basic));
      response = await send(url, authorization);
    }
    return Buffer.from(await succeeded(response).arrayBuffer());
  };
}

async function bearerFor(challenge: string, send: (url: string) => Promise<Response>): Promise<string> {
  const fields = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
  const url = new URL(fields.realm ?? '');
  for (const name of ['service', 'scope']) if (fields[name]) url.searchParams.set(name, fields[name]);
  const answer = (await succeeded(await send(url.href)).json()) as { access_token: string };
  return `Bearer ${answer.access_token}`;
}

function succeeded(response: Response): Response {
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}
