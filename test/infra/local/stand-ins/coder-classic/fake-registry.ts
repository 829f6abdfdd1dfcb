import type { Secrets } from '../../../../../infra/local/secrets.ts';
import { type StandIn, startStandIn } from '../../../../../infra/local/stand-in.ts';
import type { StandInRequest } from '../../../../../infra/local/stand-in-messages.ts';
import type { Tls } from '../../../../../infra/local/tls.ts';

/** Just enough of an OCI registry with ACR's token endpoints for Coder to look at tags. */
export interface FakeRegistry extends StandIn {
  host: string;
  /** `repository:tag` -> digest. */
  tags: Map<string, string>;
  /** username -> password; the empty pair allows anonymous pulls. */
  logins: Map<string, string>;
  /** Entra access token -> refresh token, which becomes the null user's password. */
  exchanges: Map<string, string>;
  /** Leaves requests for tags without an answer. @returns a function that ends this */
  hold(): () => void;
}

const MANIFEST = /^\/v2\/(.+)\/manifests\/([^/]+)$/;

export async function startFakeRegistry(tls: Tls, secrets: Secrets): Promise<FakeRegistry> {
  const tags = new Map<string, string>();
  const logins = new Map<string, string>();
  const exchanges = new Map<string, string>();

  let held = Promise.resolve();

  async function manifest({ url, headers, params: [repository, tag] }: StandInRequest) {
    await held;
    const scope = `repository:${repository}:pull`;
    if (headers.authorization !== `Bearer ${scope}`) return challenge(url, scope);
    const digest = tags.get(`${repository}:${tag}`);
    const indexAccepted = headers.accept?.includes('application/vnd.oci.image.index.v1+json');
    if (digest === undefined || !indexAccepted) return { status: 404 };
    return { status: 200, headers: { 'docker-content-digest': digest } };
  }
  function token({ url, headers }: StandInRequest) {
    const [username = '', password = ''] = basic(headers.authorization);
    if (logins.get(username) !== password || url.searchParams.get('service') !== url.host)
      return { status: 401 };
    return { status: 200, body: { access_token: url.searchParams.get('scope') } };
  }
  function exchange({ url, body }: StandInRequest) {
    const form = new URLSearchParams(body.toString());
    const refreshToken = exchanges.get(form.get('access_token') ?? '');
    if (form.get('service') !== url.host || refreshToken === undefined) return { status: 401 };
    return { status: 200, body: { refresh_token: refreshToken } };
  }

  const server = await startStandIn({
    tls,
    secrets,
    routes: [
      { method: 'GET', path: MANIFEST, handle: manifest },
      { method: 'HEAD', path: MANIFEST, handle: manifest },
      { method: 'GET', path: /^\/oauth2\/token$/, handle: token },
      { method: 'POST', path: /^\/oauth2\/exchange$/, handle: exchange },
    ],
  });
  function hold(): () => void {
    let release = () => {};
    held = new Promise(resolve => {
      release = resolve;
    });
    return release;
  }
  return { ...server, host: `127.0.0.1:${server.port}`, tags, logins, exchanges, hold };
}

function challenge({ origin, host }: URL, scope: string) {
  const header = `Bearer realm="${origin}/oauth2/token",service="${host}",scope="${scope}"`;
  return { status: 401, headers: { 'www-authenticate': header } };
}

function basic(authorization = ''): string[] {
  return Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':');
}
