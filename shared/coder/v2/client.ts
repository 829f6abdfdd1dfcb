import * as z from 'zod';
import { remember } from '../../lib/redaction/redact.ts';
import { type CoderApi, type CoderConnection, createCoderHttp } from '../http.ts';
import {
  ApiKey,
  BuildInfo,
  CoderError,
  CoderLog,
  CoderOrganization,
  CoderTemplate,
  CoderUser,
  CoderVariable,
  CoderVersion,
  IssuedToken,
  type NewToken,
  type NewVersion,
  ProvisionerDaemon,
  TokenConfig,
  WorkspaceCount,
} from './schema.ts';
import { ignoring, statusOf } from './status-of.ts';
import { createWorkspaceCalls, type WorkspaceCalls } from './workspace-calls.ts';

/** The calls of Coder v2's API that the bridge makes. All throw ServiceError. */
export interface V2Client extends WorkspaceCalls {
  /** Of Coder, with a port if it has one of its own. */
  host: string;
  /** Needs no token. */
  buildInfo(signal: AbortSignal): Promise<{ version: string }>;
  me(signal: AbortSignal): Promise<CoderUser>;
  /** A token of the bridge's user, by its first ten characters. */
  key(id: string, signal: AbortSignal): Promise<ApiKey | undefined>;
  findToken(name: string, signal: AbortSignal): Promise<ApiKey | undefined>;
  /** In whole seconds, for the user of the token. */
  longestTokenLifetime(signal: AbortSignal): Promise<number>;
  /** @returns the token, which Coder shows only now */
  createToken(token: NewToken, signal: AbortSignal): Promise<string>;
  /** Succeeds when there is no such token. */
  deleteToken(id: string, signal: AbortSignal): Promise<void>;
  /** Which rights the token has, by the names of the questions; changes nothing. */
  authCheck(
    checks: Readonly<Record<string, RightToCheck>>,
    signal: AbortSignal,
  ): Promise<Record<string, boolean>>;
  /** @param called its name, its id, or `default` */
  findOrganization(called: string, signal: AbortSignal): Promise<CoderOrganization | undefined>;
  /**
   * Coder does not tell upper from lower case in the names of templates and organizations.
   * @param organization id or name
   */
  findTemplate(organization: string, name: string, signal: AbortSignal): Promise<CoderTemplate | undefined>;
  getVersion(id: string, signal: AbortSignal): Promise<CoderVersion | undefined>;
  /** Archived ones too. */
  findVersion(templateId: string, name: string, signal: AbortSignal): Promise<CoderVersion | undefined>;
  /** The oldest first, and all of them; archived ones are left out. */
  listVersions(templateId: string, signal: AbortSignal): Promise<CoderVersion[]>;
  listVariables(versionId: string, signal: AbortSignal): Promise<CoderVariable[]>;
  listLogs(versionId: string, signal: AbortSignal): Promise<CoderLog[]>;
  /** undefined when the template has a version of that name, archived or not. */
  createVersion(
    organization: string,
    version: NewVersion,
    signal: AbortSignal,
  ): Promise<CoderVersion | undefined>;
  promote(templateId: string, versionId: string, signal: AbortSignal): Promise<void>;
  cancel(versionId: string, signal: AbortSignal): Promise<void>;
  /** @returns false when Coder does not archive it, as it is active, in use, or was archived before */
  archive(versionId: string, signal: AbortSignal): Promise<boolean>;
  unarchive(versionId: string, signal: AbortSignal): Promise<void>;
  /** An archive that a version was imported from. */
  getFile(id: string, signal: AbortSignal): Promise<ArrayBuffer>;
  listProvisioners(organization: string, signal: AbortSignal): Promise<ProvisionerDaemon[]>;
  /** Workspaces that a search finds. */
  countWorkspaces(query: string, signal: AbortSignal): Promise<number>;
}

export interface RightToCheck {
  object: { resource_type: string; organization_id?: string; resource_id?: string; owner_id?: string };
  action: string;
}

const API: CoderApi = {
  prefix: '/api/v2',
  tokenHeader: 'coder-session-token',
  messageOf(body) {
    const parsed = CoderError.safeParse(body).data;
    if (!parsed) return undefined;
    const validations = (parsed.validations ?? []).map(({ field, detail }) => `${field}: ${detail}`);
    return [parsed.message, parsed.detail, ...validations].filter(Boolean).join(' ');
  },
  // Coder answers a write for which the right is missing with 500, from within its transaction; and it answers 404 for
  // a file that the token may not use, although the active version has just named it.
  reasonOf(status, message) {
    if (status === 500 && /unauthorized|forbidden/i.test(message)) return 'coder-unauthorized';
    if (status === 404 && /file not found/i.test(message)) return 'coder-unauthorized';
    if (status === 400 && /Owner not found/.test(message)) return 'coder-unauthorized';
    return undefined;
  },
};

const path = (...parts: string[]) => parts.map(encodeURIComponent).join('/');
const Anything = z.unknown();
export const NANOSECONDS = 1e9;

/** A client of Coder v2. */
export function createV2Client(connection: CoderConnection): V2Client {
  const http = createCoderHttp(connection, API);
  const { host, send, call, find } = http;
  const get = <T>(schema: z.ZodType<T>, at: string, signal: AbortSignal, searchParams = {}) =>
    call(schema, 'get', at, { signal, searchParams });

  return {
    host,
    ...createWorkspaceCalls(http),
    buildInfo: signal => get(BuildInfo, 'buildinfo', signal),
    me: signal => get(CoderUser, 'users/me', signal),
    key: (id, signal) => find(ApiKey, `users/me/keys/${path(id)}`, signal),
    findToken: (name, signal) => find(ApiKey, `users/me/keys/tokens/${path(name)}`, signal),
    longestTokenLifetime: async signal => {
      const config = await get(TokenConfig, 'users/me/keys/tokens/tokenconfig', signal);
      return Math.floor(config.max_token_lifetime / NANOSECONDS);
    },
    createToken: async (json, signal) =>
      remember((await call(IssuedToken, 'post', 'users/me/keys/tokens', { json, signal })).key),
    deleteToken: (id, signal) =>
      ignoring([404], () => send('delete', `users/me/keys/${path(id)}`, { signal })),
    authCheck: (checks, signal) =>
      call(z.record(z.string(), z.boolean()), 'post', 'authcheck', { json: { checks }, signal }),
    findOrganization: (called, signal) => find(CoderOrganization, `organizations/${path(called)}`, signal),
    findTemplate: (organization, name, signal) =>
      find(CoderTemplate, `organizations/${path(organization)}/templates/${path(name)}`, signal),
    getVersion: (id, signal) => find(CoderVersion, `templateversions/${path(id)}`, signal),
    findVersion: (templateId, name, signal) =>
      find(CoderVersion, `templates/${path(templateId)}/versions/${path(name)}`, signal),
    listVersions: (templateId, signal) =>
      get(z.array(CoderVersion), `templates/${path(templateId)}/versions`, signal),
    listVariables: (versionId, signal) =>
      get(z.array(CoderVariable), `templateversions/${path(versionId)}/variables`, signal),
    listLogs: (versionId, signal) =>
      get(z.array(CoderLog), `templateversions/${path(versionId)}/logs`, signal),
    getFile: async (id, signal) => (await send('get', `files/${path(id)}`, { signal })).arrayBuffer(),
    listProvisioners: (organization, signal) =>
      get(z.array(ProvisionerDaemon), `organizations/${path(organization)}/provisionerdaemons`, signal),
    countWorkspaces: async (q, signal) =>
      (await get(WorkspaceCount, 'workspaces', signal, { q, limit: '1' })).count,

    async createVersion(organization, version, signal) {
      const json = { ...version, storage_method: 'file', provisioner: 'terraform' };
      const at = `organizations/${path(organization)}/templateversions`;
      try {
        return await call(CoderVersion, 'post', at, { json, signal });
      } catch (error) {
        if (statusOf(error) === 409) return undefined;
        throw error;
      }
    },

    async promote(templateId, versionId, signal) {
      await call(Anything, 'patch', `templates/${path(templateId)}/versions`, {
        json: { id: versionId },
        signal,
      });
    },

    async cancel(versionId, signal) {
      // 400: the job has ended meanwhile, or is being canceled.
      await ignoring([400], () => send('patch', `templateversions/${path(versionId)}/cancel`, { signal }));
    },

    async archive(versionId, signal) {
      try {
        await send('post', `templateversions/${path(versionId)}/archive`, { signal });
        return true;
      } catch (error) {
        const isKept = statusOf(error) === 400 || /Unable to archive/.test((error as Error).message);
        if (isKept) return false;
        throw error;
      }
    },

    async unarchive(versionId, signal) {
      await ignoring([400], () => send('post', `templateversions/${path(versionId)}/unarchive`, { signal }));
    },
  };
}
