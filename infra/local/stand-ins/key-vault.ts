import type { Secrets } from '../secrets.ts';
import { type Route, type StandIn, startStandIn } from '../stand-in.ts';
import type { StandInRequest, StandInResponse } from '../stand-in-messages.ts';
import type { Tls } from '../tls.ts';
import { bearerToken, type VerifyEntraToken } from './bearer.ts';
import { badParameter, notAuthenticated, notAuthorized } from './key-vault/errors.ts';
import { type Operation, operations } from './key-vault/operations.ts';
import { createVaultSecrets, type VaultSecrets } from './key-vault/secrets.ts';

export interface KeyVaultOptions {
  secrets: Secrets;
  now: () => Date;
  tls: Tls;
  /** 0, the default, takes any free port. */
  port?: number | undefined;
  /** The tenant that challenges send clients to. */
  tenantId: string;
  verifyEntraToken: VerifyEntraToken;
  /** Object ids of the identities that may get and list secrets. */
  readers: string[];
  /** Object ids of the identities that may set and delete secrets; that alone does not let them read. */
  writers: string[];
}

/** Plays a Key Vault with soft-delete: its secrets, as `@azure/keyvault-secrets` uses them. */
export interface KeyVaultStandIn extends StandIn {
  /** The newest value of each secret, by name. */
  values(): Record<string, string>;
  /** Every value of a secret that can be read, the newest first. */
  readable(name: string): string[];
  /** Of the newest version of a secret; times in seconds. */
  attributes(name: string): { exp?: number };
  /** Stores a secret as its owner would by hand. */
  put(name: string, value: string): void;
}

/** Unlike other services, Key Vault refuses this audience with a trailing slash. */
const AUDIENCE = 'https://vault.azure.net';
const SECRET_NAME = /^[0-9a-zA-Z-]{1,127}$/;

export async function startKeyVault(options: KeyVaultOptions): Promise<KeyVaultStandIn> {
  const vault = createVaultSecrets(options.now, options.secrets);
  const standIn = await startStandIn({
    secrets: options.secrets,
    tls: options.tls,
    port: options.port,
    routes: operations.map(operation => toRoute(operation, vault, options)),
  });
  return {
    ...standIn,
    put: (name, value) => void vault.set(name, value, { attributes: {} }),
    attributes: name => {
      const { exp } = vault.find(name)?.versions[0]?.attributes ?? {};
      return exp === undefined ? {} : { exp };
    },
    readable: name =>
      (vault.find(name)?.versions ?? [])
        .filter(({ attributes }) => attributes.enabled !== false)
        .map(({ value }) => value),
    values: () => Object.fromEntries(vault.all().map(({ name, versions }) => [name, versions[0].value])),
  };
}

/** The operation behind the checks that all of them share. */
function toRoute(operation: Operation, vault: VaultSecrets, options: KeyVaultOptions): Route {
  const allowed = operation.right === 'read' ? options.readers : options.writers;
  return {
    method: operation.method,
    path: operation.path,
    async handle(request) {
      const caller = await authenticate(request, options);
      if (typeof caller !== 'string') return caller;
      if (!allowed.includes(caller)) return notAuthorized(caller, operation.action);
      // Clients percent-encode the parameter's name too (`api%2Dversion`); `searchParams` has it decoded.
      if (!request.url.searchParams.has('api-version')) return badParameter('api-version must be specified');
      const [name] = request.params;
      if (name !== undefined && !SECRET_NAME.test(name)) {
        return badParameter(`The request URI contains an invalid name: ${name}`);
      }
      return operation.handle(vault, request);
    },
  };
}

/** The caller's object id, or the challenge that is the answer to each client's first call. */
async function authenticate(
  request: StandInRequest,
  { tenantId, verifyEntraToken }: KeyVaultOptions,
): Promise<string | StandInResponse> {
  const refuse = (message: string) => notAuthenticated(tenantId, AUDIENCE, message);
  const token = bearerToken(request);
  if (!token) return refuse('AKV10000: Request is missing a Bearer or PoP token.');
  const claims = await verifyEntraToken(token);
  if (!claims) return refuse('The token is not valid, or it has ended.');
  if (claims.aud !== AUDIENCE) {
    return refuse(`AKV10022: Invalid audience. Expected ${AUDIENCE}, found: ${claims.aud}.`);
  }
  return String(claims.oid);
}
