import { expect, test } from 'vitest';
import { checkProvisioners } from '../../../../shared/coder/v2/provisioner-check.ts';
import { CoderVersion } from '../../../../shared/coder/v2/schema.ts';

const NOW = new Date('2026-11-02T09:30:00Z');
const PLAIN = { scope: 'organization', owner: '' };
const EAST = { ...PLAIN, zone: 'east' };
const version = (tags: object) =>
  CoderVersion.parse({
    ...{ id: 'v', name: 'v', created_at: NOW.toISOString(), created_by: { id: 'a', username: 'anna' } },
    job: { status: 'succeeded', file_id: 'f', tags },
  });
const seen = (tags: Record<string, string>, at = '2026-11-02T09:29:00Z') => ({ tags, last_seen_at: at });

test.each([
  ['without tags, for a template without tags', PLAIN, [seen(PLAIN)], undefined],
  ['with tags, for a template without tags', PLAIN, [seen(EAST)], false],
  ['with the tags of the template', EAST, [seen(PLAIN), seen(EAST)], undefined],
  ['with more tags than the template', EAST, [seen({ ...EAST, gpu: 'yes' })], undefined],
  ['with other tags', EAST, [seen({ ...EAST, zone: 'west' })], false],
  ['that was last seen long ago', PLAIN, [seen(PLAIN, '2026-11-02T09:20:00Z')], false],
  ['that the bridge may not see', PLAIN, [], null],
])('a provisioner %s', async (_, tags, provisioners, ok) => {
  const coder = { getVersion: async () => version(tags), listProvisioners: async () => provisioners };
  const named = { organization: 'coder', template: 'kubernetes' };
  const signal = AbortSignal.timeout(1_000);

  const verdict = await checkProvisioners(coder, named, { active_version_id: 'v' }, NOW, signal);

  expect(verdict?.ok).toBe(ok);
});
