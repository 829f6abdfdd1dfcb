import { image } from '../../infra/local/oci-image.ts';
import { until } from '../support/app.ts';
import { startWorld, type World } from './world.ts';

/** A view of the console as a person meets it, with what shows that it is there. */
export interface Shown {
  name: string;
  hash: string;
  /** Text that is there once it is loaded. */
  text: string | RegExp;
}

/** Every view; of the first one each kind of verdict. */
export const SHOWN: readonly Shown[] = [
  { name: 'start', hash: '#/', text: 'Latest images' },
  { name: 'image-in-coder', hash: '#/image/contoso/samples/workspace:v3', text: 'In Coder' },
  { name: 'image-failed', hash: '#/image/contoso/team/broken:v2', text: 'no such namespace' },
  { name: 'image-waits', hash: '#/image/contoso/manual/reviewed:v1', text: 'waits for a person' },
  { name: 'image-left-out', hash: '#/image/contoso/nowhere/app:v1', text: 'Left out' },
  {
    name: 'image-never-seen',
    hash: '#/image?q=contoso/team/unknown:v9',
    text: 'Never seen',
  },
  { name: 'images-found', hash: '#/image?q=team/', text: /\d+ images/ },
  { name: 'overview', hash: '#/overview', text: 'Registries' },
  { name: 'needs-attention', hash: '#/attention', text: 'Replay all' },
  { name: 'credentials', hash: '#/credentials', text: 'Coder’s own token' },
  { name: 'templates', hash: '#/templates/coder/kubernetes', text: 'Last versions' },
  { name: 'health', hash: '#/health/contoso', text: 'checked' },
  { name: 'reconcile', hash: '#/reconcile/contoso', text: /tags, started/ },
  { name: 'setup', hash: '#/setup/contoso', text: 'Set up' },
  { name: 'policy', hash: '#/policy/contoso?try=team/api:v1', text: 'Save the policy' },
];

const OTHER_POLICY = { rules: [{ repository: 'tools/*', templates: [{ template: 'tools-{name}' }] }] };

/** A bridge with something of everything. */
export async function startFullWorld(): Promise<World> {
  const world = await startWorld(['fabrikam', 'northwind']);
  const { app, coder } = world;
  const [fabrikam, northwind] = app.environment.cloud.otherRegistries;
  for (const [one, kind] of [
    [fabrikam, 'token'],
    [northwind, 'entra-identity'],
  ] as const) {
    if (!one) continue;
    const body = { resourceId: one.resourceId, credential: { kind }, policy: OTHER_POLICY };
    const { status, text } = await app.api('PUT', `registries/${one.name}`, body);
    if (status !== 201) throw new Error(text);
  }

  for (const tag of ['v2', 'v3']) {
    await world.pushed(`samples/workspace:${tag}`, 'template-updated', image({ content: tag }));
  }
  for (const name of ['api', 'web', 'broken', 'taken', 'reviewed']) await world.pushTemplate(name);
  await world.pushed('team/api:1.4.2', 'template-updated');
  await world.pushed('team/web:2026.11', 'template-updated');
  await world.pushed('team/broken:v1', 'template-updated');
  coder.controls.failNextImport('exit status 1: no such namespace');
  await world.pushed('team/broken:v2', 'template-build-failed', image({ content: 'two' }));
  for (const name of ['mobile', 'batch', 'etl']) await world.pushed(`team/${name}:v1`, 'template-missing');
  await world.pushed('manual/reviewed:v1', 'version-ready');
  await world.pushed('nowhere/app:v1', 'no-template');
  await world.pushed('scratch/try:1', 'excluded');
  coder.controls.revokeRight('acr-bridge', 'template:update');
  await world.pushed('team/taken:v1', 'coder-unauthorized');
  await app.api('POST', 'registries/contoso/reconcile');
  await until(async () => {
    const { text } = await app.api('GET', 'registries/contoso/reconciliation');
    return JSON.parse(text).state === 'completed';
  });
  // Counts now, rather than within a minute.
  const { host, keys } = app.environment;
  await fetch(`${host.url}/admin/functions/reconcile`, {
    method: 'POST',
    headers: { 'x-functions-key': keys.master, 'content-type': 'application/json' },
    body: '{}',
  });
  await until(async () => JSON.parse((await app.api('GET', 'summary')).text).images.byState.failed === 5);
  return world;
}
