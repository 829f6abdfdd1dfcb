import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createSecrets } from '../../../../../infra/local/secrets.ts';
import { type CoderOptions, startCoder } from '../../../../../infra/local/stand-ins/coder-classic/coder.ts';
import { ensureTls } from '../../../../../infra/local/tls.ts';
import { startFakeRegistry } from './fake-registry.ts';

export const ORGANIZATION = 'org-1';
export const NOW = new Date('2026-03-01T12:00:00.000Z');

/** A Coder, a registry that holds `dev/base:1` for the user `puller`, and a way to call Coder. */
export async function setUp(options: Partial<CoderOptions> = {}) {
  const tls = await ensureTls(join(import.meta.dirname, '../../../../../.local/tls'));
  const secrets = createSecrets();
  const registry = await startFakeRegistry(tls, secrets);
  registry.tags.set('dev/base:1', 'sha256:one');
  registry.logins.set('puller', 'right');
  const coder = await startCoder({
    secrets,
    tls,
    now: () => NOW,
    sessionToken: 'session',
    organizationId: ORGANIZATION,
    identityToken: async () => 'entra-token',
    ...options,
  });
  onTestFinished(() => Promise.all([coder.close(), registry.close()]).then(() => undefined));

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(coder.url + path, {
      method,
      headers: { 'session-token': 'session', 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: parse(text) };
  }
  const newRegistry = {
    friendly_name: 'acr',
    registry: registry.host,
    username: 'puller',
    password: 'right',
  };
  const importBody = {
    registry_id: null,
    new_registry: newRegistry,
    repository: 'dev/base',
    org_id: ORGANIZATION,
    tag: '1',
    default_cpu_cores: 1.5,
    default_memory_gb: 4,
    default_disk_gb: 20,
    description: 'Base',
    url: 'https://git.example/base',
  };
  async function importImage(): Promise<string> {
    return (await call('POST', '/api/v0/images', importBody)).json.id;
  }
  return { coder, registry, secrets, call, newRegistry, importBody, importImage };
}

// The tests read what they expect; a missing field fails the comparison.
type Json = ReturnType<typeof JSON.parse>;

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
