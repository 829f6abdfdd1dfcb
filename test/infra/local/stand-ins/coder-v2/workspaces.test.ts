import { expect, test } from 'vitest';
import type { Pod } from '../../../../../infra/local/stand-ins/coder-v2/context.ts';
import { MINUTE_MS, pairs, setUp } from './setup.ts';
import { catalog, template as files } from './sources.ts';

async function withTemplate(options: Parameters<typeof setUp>[0] = {}, values: Record<string, string> = {}) {
  const all = await setUp(options);
  const made = await all.newTemplate(files(), values);
  const create = (body: object, name = 'w') => all.call('POST', '/users/me/workspaces', { name, ...body });
  const read = async (id: string) => (await all.call('GET', `/workspaces/${id}`)).json;
  const build = (id: string, body: object) => all.call('POST', `/workspaces/${id}/builds`, body);
  const version = (more: object = {}) =>
    all.imported({ template_id: made.template.id, file_id: made.fileId, ...more });
  return { ...all, ...made, create, read, build, version };
}

const agentsIn = (workspace: { latest_build: { resources: { agents: object[] }[] } }) =>
  workspace.latest_build.resources.flatMap(({ agents }) => agents);

test('a build succeeds though its image does not exist; the agent times out, which is no verdict', async () => {
  const { controls, create, read, settle, version } = await withTemplate();
  const { id: versionId } = await version({
    user_variable_values: pairs({ image: 'nowhere.example.com/none' }),
  });
  const { status, json } = await create({ template_version_id: versionId });
  expect([status, json.latest_build.status, json.outdated]).toEqual([201, 'pending', true]);
  settle();

  const built = await read(json.id);
  expect(built.latest_build).toMatchObject({ status: 'running', job: { status: 'succeeded' } });
  expect(agentsIn(built)).toMatchObject([{ status: 'connecting', lifecycle_state: 'created' }]);
  controls.advance(61_000);
  const late = await read(json.id);
  expect(agentsIn(late)).toMatchObject([
    { status: 'timeout', health: { healthy: false, reason: 'agent is taking too long to connect' } },
  ]);
  expect(late.health).toMatchObject({ healthy: false, failing_agents: [expect.any(String)] });
  controls.reportAgents(json.id, 'connect');
  expect(agentsIn(await read(json.id))).toMatchObject([{ status: 'connected', lifecycle_state: 'starting' }]);
  controls.reportAgents(json.id, 'ready');
  expect(await read(json.id)).toMatchObject({ health: { healthy: true, failing_agents: [] } });
});

test('a startup script that fails leaves a connected agent, and its words in the log', async () => {
  const { call, controls, create, read, settle, template } = await withTemplate();
  const { json } = await create({ template_id: template.id });
  settle();

  controls.reportAgents(json.id, 'fail', 'exit status 7');

  const workspace = await read(json.id);
  const [agent] = agentsIn(workspace) as [{ id: string }];
  expect(agent).toMatchObject({ status: 'connected', lifecycle_state: 'start_error' });
  expect(workspace.health.failing_agents).toEqual([agent.id]);
  expect((await call('GET', `/workspaceagents/${agent.id}/logs`)).json).toMatchObject([
    { output: 'exit status 7' },
  ]);
});

test('what starts the containers is told the image of the chosen option, and reports', async () => {
  const pods: Pod[] = [];
  const { create, read, settle, template } = await withTemplate(
    { kubelet: { start: pod => void pods.push(pod) } },
    { images: catalog('1', '2') },
  );
  const { json } = await create({
    template_id: template.id,
    rich_parameter_values: pairs({ image: 'team/base:2' }),
  });
  settle();

  expect(pods).toMatchObject([{ workspaceId: json.id, images: ['c.azurecr.io/team/base@sha256:2'] }]);
  pods[0]?.agents.ready();
  expect((await read(json.id)).health.healthy).toBe(true);
});

test('a workspace needs a version that was imported well, and is not archived', async () => {
  const { call, controls, create, createVersion, fileId, settle, template, version } = await withTemplate();
  const { json: early } = await createVersion({ template_id: template.id, file_id: fileId });
  expect(await create({ template_version_id: early.id })).toMatchObject({ status: 406 });
  controls.failNextImport('no disk');
  settle();
  controls.failNextImport('no disk');
  const failed = await version();
  const archived = await version();
  await call('POST', `/templateversions/${archived.id}/archive`);

  expect(await create({ template_version_id: failed.id })).toMatchObject({ status: 400 });
  expect(await create({ template_version_id: archived.id })).toMatchObject({
    status: 500,
    json: { message: 'Archived template versions cannot be used to make a workspace.' },
  });
});

test('a workspace is refused for its name, a deprecated template, and missing rights', async () => {
  const { call, controls, create, people, template } = await withTemplate();
  const body = { template_id: template.id };
  await create(body);
  expect(await create(body)).toMatchObject({
    status: 409,
    json: { message: 'Workspace "w" already exists.' },
  });
  expect(await create(body, 'x'.repeat(33))).toMatchObject({ status: 400 });
  people.add({ username: 'ann' });
  const scoped = people.token('ann', { scopes: ['template:read', 'user:read'] });
  expect(await call('POST', '/users/me/workspaces', { name: 'a', ...body }, scoped)).toMatchObject({
    status: 403,
    json: { message: 'Unauthorized to create workspace.' },
  });
  controls.revokeRight('ann', 'template:use');
  expect(
    await call('POST', '/users/me/workspaces', { name: 'a', ...body }, people.token('ann')),
  ).toMatchObject({
    status: 403,
    json: { message: `Unauthorized access to use the template "${template.name}".` },
  });

  controls.deprecate(template.name, 'old');

  expect((await create(body, 'w2')).json.message).toBe(
    `Template "${template.name}" has been deprecated, and cannot be used to create a new workspace.`,
  );
});

test('deletion is a build: again at once is 409, and afterwards the workspace is 410', async () => {
  const { build, call, controls, create, settle, template } = await withTemplate();
  const { json } = await create({ template_id: template.id });
  expect(await build(json.id, { transition: 'delete' })).toMatchObject({
    status: 409,
    json: { message: 'A workspace build is already active.' },
  });
  settle();
  expect(await build(json.id, { transition: 'delete' })).toMatchObject({ status: 201 });
  controls.advance(MINUTE_MS);
  expect((await call('GET', `/workspaces/${json.id}`)).json.latest_build.status).toBe('deleting');
  controls.advance(MINUTE_MS);

  expect(await call('GET', `/workspaces/${json.id}`)).toMatchObject({ status: 410 });
  expect(await call('GET', '/users/me/workspace/w')).toMatchObject({ status: 404 });
  expect((await call('GET', '/workspaces')).json.count).toBe(0);
});

test('an option that went stops the update of a workspace that has it', async () => {
  const { build, create, promote, settle, template, version } = await withTemplate(
    {},
    { images: catalog('1', '2') },
  );
  const { json } = await create({ template_id: template.id });
  settle();
  const without = await version({ user_variable_values: pairs({ images: catalog('2') }) });
  await promote(template.id, without.id);
  const update = (image?: string) =>
    build(json.id, {
      transition: 'start',
      template_version_id: without.id,
      ...(image && { rich_parameter_values: pairs({ image }) }),
    });

  expect(await update()).toMatchObject({
    status: 400,
    json: {
      validations: [{ field: 'image', detail: expect.stringContaining('Value must be a valid option') }],
    },
  });
  expect(await update('team/base:2')).toMatchObject({ status: 201 });
});

test('after a promotion workspaces are outdated and stay as they are; they are found by their option', async () => {
  const { call, create, first, promote, read, settle, template, version } = await withTemplate(
    {},
    { images: catalog('1') },
  );
  const { json } = await create({ template_id: template.id });
  settle();
  await promote(template.id, (await version()).id);
  const count = async (query: string) =>
    (await call('GET', `/workspaces?q=${encodeURIComponent(`template:${template.name} ${query}`)}`)).json
      .count;

  expect(await read(json.id)).toMatchObject({
    outdated: true,
    latest_build: { template_version_id: first.id },
  });
  expect(await count('outdated:true')).toBe(1);
  expect(await count('param:"image=TEAM/base:1"')).toBe(1);
  expect(await count('param:"image=team/base:2"')).toBe(0);
  expect(await call('GET', `/workspaces?q=${encodeURIComponent('param:image=team/base:1')}`)).toMatchObject({
    status: 400,
  });
});

test('a workspace with automatic updates takes the active version at its next start', async () => {
  const { build, call, create, promote, read, settle, template, version } = await withTemplate();
  const { json } = await create({ template_id: template.id });
  settle();
  const next = await version();
  await promote(template.id, next.id);
  await build(json.id, { transition: 'start' });
  settle();
  expect((await read(json.id)).outdated).toBe(true);

  await call('PUT', `/workspaces/${json.id}/autoupdates`, { automatic_updates: 'always' });
  await build(json.id, { transition: 'start' });
  settle();

  expect((await read(json.id)).latest_build.template_version_id).toBe(next.id);
  const { json: builds } = await call('GET', `/workspaces/${json.id}/builds`);
  expect(builds.map(({ build_number }: { build_number: number }) => build_number)).toEqual([3, 2, 1]);
  expect((await call('GET', `/workspacebuilds/${builds[0].id}`)).json.id).toBe(builds[0].id);
  expect((await call('GET', `/workspacebuilds/${builds[0].id}/logs`)).json).toHaveLength(1);
});

test('a build is canceled like an import', async () => {
  const { call, create, read, template } = await withTemplate();
  const { json } = await create({ template_id: template.id });

  await call('PATCH', `/workspacebuilds/${json.latest_build.id}/cancel`);

  expect((await read(json.id)).latest_build.status).toBe('canceled');
});
