import { expect, test } from 'vitest';
import { setUp } from './setup.ts';
import { template as files } from './sources.ts';

const PRESET = `data "coder_workspace_preset" "warm" {
  name = "warm"
  prebuilds { instances = 2 }
}`;

async function withPrebuilds() {
  const all = await setUp({ switches: { licensed: true } });
  const made = await all.newTemplate(files({ extra: PRESET }));
  all.settle();
  const list = async () => (await all.call('GET', '/workspaces?q=owner:prebuilds')).json.workspaces;
  return { ...all, ...made, list };
}

test('a promotion replaces the prebuilt workspaces of the version before', async () => {
  const { fileId, first, imported, list, promote, settle, template } = await withPrebuilds();
  const before = await list();
  expect(before).toMatchObject([{ is_prebuild: true }, { is_prebuild: true }]);
  expect(before[0].latest_build.template_version_id).toBe(first.id);
  const next = await imported({ template_id: template.id, file_id: fileId });

  await promote(template.id, next.id);
  settle();

  const after = await list();
  expect(after).toHaveLength(2);
  for (const { id, latest_build } of after) {
    expect(before.map((one: { id: string }) => one.id)).not.toContain(id);
    expect(latest_build.template_version_id).toBe(next.id);
  }
});

test('the version of prebuilt workspaces is in use, and without a licence there are none', async () => {
  const { call, coder, fileId, imported, list, promote, settle, template } = await withPrebuilds();
  coder.switches.licensed = false;
  const next = await imported({ template_id: template.id, file_id: fileId });
  await promote(template.id, next.id);
  settle();
  const [{ latest_build }] = await list();
  const archive = () => call('POST', `/templateversions/${latest_build.template_version_id}/archive`);

  expect(await archive()).toMatchObject({ status: 500 });
  coder.switches.licensed = true;
  await promote(template.id, next.id);
  settle();
  expect(await archive()).toMatchObject({ status: 200 });
});

test('a workspace with the preset is served by a prebuilt one', async () => {
  const { call, first, list, template } = await withPrebuilds();
  const [prebuilt] = await list();
  const [{ ID }] = (await call('GET', `/templateversions/${first.id}/presets`)).json;

  const { json } = await call('POST', '/users/me/workspaces', {
    name: 'mine',
    template_id: template.id,
    template_version_preset_id: ID,
  });

  expect(json).toMatchObject({ id: prebuilt.id, name: 'mine', owner_name: 'admin', is_prebuild: false });
  expect(await list()).toHaveLength(1);
});
