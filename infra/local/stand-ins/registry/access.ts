import type { Route } from '../../stand-in.ts';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import type { Grants } from './grants.ts';
import { ociError, unauthorized } from './oci-error.ts';
import { type Action, formatScope, type Grant, permits, repositoryScope, type Scope } from './scope.ts';

/** A request that has passed the check of who asks. */
export interface RepositoryCall {
  request: StandInRequest;
  repository: string;
  /** What the path says after the repository: a tag, a digest, an upload id; empty when it says nothing. */
  reference: string;
  /** The rights of the caller elsewhere. */
  grant: Grant;
}

type Answer = StandInResponse | Promise<StandInResponse>;

/** Creates routes that check the caller's rights. */
export interface Access {
  /** The path captures the repository and, if there is one, the reference. The caller needs all `actions`. */
  onRepository(
    method: string,
    path: RegExp,
    actions: Action[],
    handle: (call: RepositoryCall) => Answer,
  ): Route;
  /** A GET for every caller with valid credentials that, when `needed` is given, grant it. */
  onRegistry(path: RegExp, needed: Scope | undefined, handle: (request: StandInRequest) => Answer): Route;
}

/** By this docker knows a registry of the second version when it first asks. */
export const API_VERSION = { 'docker-distribution-api-version': 'registry/2.0' };

const REPOSITORY_NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

export function createAccess(grants: Grants, loginServer: () => string): Access {
  /** The rights of the caller, or the refusal. */
  async function check(request: StandInRequest, needed?: Scope): Promise<Grant | StandInResponse> {
    const [scheme = '', credentials = ''] = (request.headers.authorization ?? '').split(' ');
    const grant = await grantOf(scheme, credentials);
    if (grant) return needed && !permits(grant, needed) ? challenge(needed, 'insufficient_scope') : grant;
    // ACR answers a Basic challenge to bad Basic credentials, which leads clients astray (Azure/acr#651).
    if (scheme === 'Basic')
      return unauthorized({ 'www-authenticate': 'Basic realm="Azure Container Registry"' });
    return challenge(needed, scheme === 'Bearer' ? 'invalid_token' : undefined);
  }

  async function grantOf(scheme: string, credentials: string): Promise<Grant | undefined> {
    if (scheme === 'Basic') return grants.ofAdmin(...parseBasic(credentials));
    return scheme === 'Bearer' ? grants.ofAccessToken(credentials) : undefined;
  }

  /** Clients such as docker read "denied" from `insufficient_scope`; ACR's body is the same either way. */
  function challenge(needed: Scope | undefined, error?: string): StandInResponse {
    const parameters = [
      `realm="https://${loginServer()}/oauth2/token"`,
      `service="${loginServer()}"`,
      ...(needed ? [`scope="${formatScope(needed)}"`] : []),
      ...(error ? [`error="${error}"`] : []),
    ];
    const detail = needed?.actions.map(action => ({ Type: needed.type, Name: needed.name, Action: action }));
    return unauthorized({ ...API_VERSION, 'www-authenticate': `Bearer ${parameters.join(',')}` }, detail);
  }

  return {
    onRegistry: (path, needed, handle) => ({
      method: 'GET',
      path,
      async handle(request) {
        const grant = await check(request, needed);
        return typeof grant === 'function' ? handle(request) : grant;
      },
    }),
    onRepository: (method, path, actions, handle) => ({
      method,
      path,
      async handle(request) {
        const [repository = '', reference = ''] = request.params;
        if (!REPOSITORY_NAME.test(repository)) {
          return ociError(400, 'NAME_INVALID', 'invalid repository name', { name: repository });
        }
        const grant = await check(request, repositoryScope(repository, actions));
        return typeof grant === 'function' ? handle({ request, repository, reference, grant }) : grant;
      },
    }),
  };
}

/** Username and password of Basic credentials; both empty when there are none. */
export function parseBasic(credentials: string): [username: string, password: string] {
  const text = Buffer.from(credentials, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}
