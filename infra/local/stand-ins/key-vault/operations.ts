import * as z from 'zod';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import { bundle, deletedBundle, item } from './bodies.ts';
import {
  badParameter,
  deletedSecretNotFound,
  secretDisabled,
  secretIsDeleted,
  secretNotFound,
} from './errors.ts';
import { SecretProperties, type VaultSecrets } from './secrets.ts';

/** One operation of the vault, without the checks that all of them share. */
export interface Operation {
  method: string;
  /** Captures the secret's name and version, where there are any. */
  path: RegExp;
  /** `read` is what Key Vault Secrets User may do, `write` what takes a Key Vault Secrets Officer. */
  right: 'read' | 'write';
  /** The data action that the role gives, as refusals name it. */
  action: string;
  handle(vault: VaultSecrets, request: StandInRequest): StandInResponse;
}

const ALL = /^\/secrets\/?$/;
const SECRET = /^\/secrets\/([^/]+)\/?$/;
const VERSIONS = /^\/secrets\/([^/]+)\/versions$/;
const VERSION = /^\/secrets\/([^/]+)\/?([^/]*)$/;
const DELETED = /^\/deletedsecrets\/([^/]+)\/?$/;
const RECOVER = /^\/deletedsecrets\/([^/]+)\/recover\/?$/;

/** https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups */
export const operations: Operation[] = [
  { method: 'GET', path: ALL, right: 'read', action: 'secrets/readMetadata/action', handle: listSecrets },
  {
    method: 'GET',
    path: VERSIONS,
    right: 'read',
    action: 'secrets/readMetadata/action',
    handle: listVersions,
  },
  { method: 'GET', path: VERSION, right: 'read', action: 'secrets/getSecret/action', handle: getSecret },
  { method: 'PUT', path: SECRET, right: 'write', action: 'secrets/setSecret/action', handle: setSecret },
  { method: 'PATCH', path: VERSION, right: 'write', action: 'secrets/update/action', handle: updateSecret },
  { method: 'DELETE', path: SECRET, right: 'write', action: 'secrets/delete', handle: deleteSecret },
  { method: 'GET', path: DELETED, right: 'read', action: 'secrets/getSecret/action', handle: getDeleted },
  { method: 'POST', path: RECOVER, right: 'write', action: 'secrets/recover/action', handle: recoverDeleted },
  { method: 'DELETE', path: DELETED, right: 'write', action: 'secrets/purge/action', handle: purgeDeleted },
];

const LARGEST_VALUE_BYTES = 25 * 1024;
const LARGEST_PAGE = 25;

const NewVersion = SecretProperties.extend({ value: z.string() });

function listSecrets(vault: VaultSecrets, { url }: StandInRequest): StandInResponse {
  const start = Number(url.searchParams.get('$skiptoken') ?? 0);
  const size = Math.min(Number(url.searchParams.get('maxresults') ?? LARGEST_PAGE), LARGEST_PAGE);
  const all = vault.all();
  const next = new URL(url);
  next.searchParams.set('$skiptoken', String(start + size));
  return {
    status: 200,
    body: {
      value: all.slice(start, start + size).map(secret => item(url.origin, secret, secret.versions[0])),
      nextLink: start + size < all.length ? next.href : null,
    },
  };
}

function listVersions(vault: VaultSecrets, { url, params: [name = ''] }: StandInRequest): StandInResponse {
  const secret = vault.find(name);
  if (!secret) return secretNotFound(name);
  const start = Number(url.searchParams.get('$skiptoken') ?? 0);
  const next = new URL(url);
  next.searchParams.set('$skiptoken', String(start + LARGEST_PAGE));
  const page = secret.versions.slice(start, start + LARGEST_PAGE);
  return {
    status: 200,
    body: {
      value: page.map(version => bundle(url.origin, secret, version)),
      nextLink: start + LARGEST_PAGE < secret.versions.length ? next.href : null,
    },
  };
}

function getSecret(vault: VaultSecrets, { url, params: [name = '', id] }: StandInRequest): StandInResponse {
  const secret = vault.find(name);
  const version = secret?.versions.find(candidate => !id || candidate.id === id);
  if (!secret || !version) return secretNotFound(name);
  if (version.attributes.enabled === false) return secretDisabled();
  return { status: 200, body: { ...bundle(url.origin, secret, version), value: version.value } };
}

function setSecret(vault: VaultSecrets, { url, params: [name = ''], body }: StandInRequest): StandInResponse {
  const parsed = parse(NewVersion, body);
  if (!parsed) return badParameter('The request body is not a secret.');
  if (Buffer.byteLength(parsed.value) > LARGEST_VALUE_BYTES) {
    return badParameter('The value of the secret is longer than 25 KB.');
  }
  if (vault.findDeleted(name)) return secretIsDeleted(name);
  const { value, ...properties } = parsed;
  const secret = vault.set(name, value, properties);
  return { status: 200, body: { ...bundle(url.origin, secret, secret.versions[0]), value } };
}

function updateSecret(
  vault: VaultSecrets,
  { url, params: [name = '', id], body }: StandInRequest,
): StandInResponse {
  const properties = parse(SecretProperties, body);
  if (!properties) return badParameter('The request body does not hold properties of a secret.');
  const secret = vault.find(name);
  const version = secret?.versions.find(candidate => !id || candidate.id === id);
  if (!secret || !version) return secretNotFound(name);
  vault.update(version, properties);
  return { status: 200, body: bundle(url.origin, secret, version) };
}

function deleteSecret(vault: VaultSecrets, { url, params: [name = ''] }: StandInRequest): StandInResponse {
  const secret = vault.softDelete(name);
  return secret ? { status: 200, body: deletedBundle(url.origin, secret) } : secretNotFound(name);
}

function getDeleted(vault: VaultSecrets, { url, params: [name = ''] }: StandInRequest): StandInResponse {
  const secret = vault.findDeleted(name);
  return secret ? { status: 200, body: deletedBundle(url.origin, secret) } : deletedSecretNotFound(name);
}

function recoverDeleted(vault: VaultSecrets, { url, params: [name = ''] }: StandInRequest): StandInResponse {
  const secret = vault.recover(name);
  if (!secret) return deletedSecretNotFound(name);
  return { status: 200, body: bundle(url.origin, secret, secret.versions[0]) };
}

function purgeDeleted(vault: VaultSecrets, { params: [name = ''] }: StandInRequest): StandInResponse {
  return vault.purge(name) ? { status: 204 } : deletedSecretNotFound(name);
}

function parse<T>(schema: z.ZodType<T>, body: Buffer): T | undefined {
  try {
    return schema.safeParse(JSON.parse(body.toString())).data;
  } catch {
    return undefined;
  }
}
