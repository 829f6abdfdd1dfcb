import { expect, test } from 'vitest';
import { MINUTE_MS, setUp } from './setup.ts';

const NOWHERE = { scope: 'organization', zone: 'nowhere' };

async function started(options: Parameters<typeof setUp>[0] = {}, tags: Record<string, string> = {}) {
  const all = await setUp(options);
  const { template, fileId } = await all.newTemplate();
  const { json } = await all.createVersion({ template_id: template.id, file_id: fileId, tags });
  const read = async () => (await all.call('GET', `/templateversions/${json.id}`)).json;
  const cancel = () => all.call('PATCH', `/templateversions/${json.id}/cancel`);
  return { ...all, template, version: json, read, cancel };
}

test('how many provisioners match is told while the job waits, and not once it runs', async () => {
  const { controls, read, version } = await started();
  expect(version.matched_provisioners).toMatchObject({ count: 1, available: 1 });
  expect((await read()).matched_provisioners).toMatchObject({ count: 1 });

  controls.advance(MINUTE_MS);

  expect(await read()).toMatchObject({ job: { status: 'running', worker_name: 'coderd-0' } });
  expect(await read()).not.toHaveProperty('matched_provisioners');
  controls.advance(MINUTE_MS);
  expect(await read()).not.toHaveProperty('matched_provisioners');
});

test('a job with tags that no provisioner has waits until one comes', async () => {
  const { controls, read, settle, version } = await started({}, NOWHERE);
  expect(version.matched_provisioners).toMatchObject({ count: 0, available: 0, most_recently_seen: null });
  settle();
  expect((await read()).job.status).toBe('pending');

  controls.setProvisioners([{ name: 'far-away', tags: { zone: 'nowhere', size: 'large' } }]);

  expect((await read()).job).toMatchObject({ status: 'running', worker_name: 'far-away' });
});

test('a job without tags of its own goes to no provisioner that has some', async () => {
  const { call, controls, read, settle } = await started();
  controls.setProvisioners([{ name: 'special', tags: { zone: 'eu' } }]);
  settle();

  expect((await read()).matched_provisioners).toMatchObject({ count: 1, available: 0 });
  const daemons = (await call('GET', '/organizations/default/provisionerdaemons')).json;
  expect(daemons.map(({ name, status }: { name: string; status: string }) => [name, status])).toEqual([
    ['coderd-0', 'offline'],
    ['special', 'idle'],
  ]);
});

test('the reaper ends a job that no provisioner takes after 30 minutes', async () => {
  const { controls, read } = await started({}, NOWHERE);

  controls.advance(29 * MINUTE_MS);
  expect((await read()).job.status).toBe('pending');
  controls.advance(MINUTE_MS);

  expect((await read()).job).toMatchObject({
    status: 'failed',
    error: 'Coder: Build has been detected as pending for 30 minutes and has been terminated by the reaper.',
  });
  expect((await read()).job).not.toHaveProperty('error_code');
});

test('the reaper ends a job that sends no news for 5 minutes', async () => {
  const { controls, read, settle } = await started();
  controls.holdImports('running');
  settle();
  expect((await read()).job.status).toBe('running');

  controls.advance(5 * MINUTE_MS);

  expect((await read()).job).toMatchObject({
    status: 'failed',
    error: 'Coder: Build has been detected as hung for 5 minutes and has been terminated by the reaper.',
  });
});

test('a job that no worker has is canceled at once', async () => {
  const { cancel, read } = await started();

  expect(await cancel()).toMatchObject({
    status: 200,
    json: { message: 'Job has been marked as canceled...' },
  });

  expect((await read()).job).toMatchObject({ status: 'canceled', completed_at: expect.any(String) });
  expect(await cancel()).toMatchObject({
    status: 400,
    json: { message: 'Job has already been marked as canceled!' },
  });
});

test('a job that runs is canceling first, and cannot be canceled twice', async () => {
  const { cancel, controls, promote, read, template, version } = await started();
  controls.advance(MINUTE_MS);
  await cancel();

  expect((await read()).job.status).toBe('canceling');
  expect(await cancel()).toMatchObject({
    status: 400,
    json: { message: 'Job has already been marked as canceled!' },
  });
  expect((await read()).job).not.toHaveProperty('completed_at');
  controls.advance(1_000);

  expect((await read()).job.status).toBe('canceled');
  expect(await promote(template.id, version.id)).toMatchObject({ status: 403 });
});

test('a job that has ended cannot be canceled', async () => {
  const { cancel, settle } = await started();
  settle();

  expect(await cancel()).toMatchObject({ status: 400, json: { message: 'Job has already completed!' } });
});

test('an import is held back, and goes on when it is released', async () => {
  const { controls, read, settle } = await started();
  controls.holdImports('pending');
  settle();
  expect((await read()).job.status).toBe('pending');

  controls.releaseImports();
  settle();

  expect((await read()).job.status).toBe('succeeded');
});

test('an ordered failure ends the next import only, and its log has the words', async () => {
  const { call, controls, imported, read, settle, version } = await started();
  controls.failNextImport('no space left on device');
  settle();

  expect((await read()).job).toMatchObject({ status: 'failed', error: 'no space left on device' });
  const logs = (await call('GET', `/templateversions/${version.id}/logs`)).json;
  expect(logs.at(-1)).toMatchObject({ log_level: 'error', output: 'no space left on device' });
  expect((await call('GET', `/templateversions/${version.id}/logs?after=${logs.at(-1).id}`)).json).toEqual(
    [],
  );
  expect(
    (await imported({ template_id: version.template_id, file_id: version.job.file_id })).job.status,
  ).toBe('succeeded');
});
