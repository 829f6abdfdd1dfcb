import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artifact, image, index } from '../../infra/local/oci-image.ts';
import {
  ADMIN,
  PULL_TOKEN,
  startTestRegistry,
  type TestRegistry,
} from '../infra/local/stand-ins/registry/fixture.ts';
import { type Distribution, startDistribution } from './distribution.ts';
import { contentsOf, readLayout, writeLayout } from './oci-layout.ts';
import { createSkopeo, type Skopeo } from './skopeo.ts';

describe.each(['memory', 'a distribution registry'])('skopeo and a registry kept in %s', kept => {
  let folder: string;
  let upstream: Distribution | undefined;
  let fixture: TestRegistry;
  let skopeo: Skopeo;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skopeo-'));
    if (kept !== 'memory') upstream = await startDistribution();
    fixture = await startTestRegistry(upstream && { upstream: upstream.url });
    skopeo = createSkopeo(fixture.registry.loginServer, fixture.tls);
  });
  afterAll(async () => {
    await fixture?.registry.close();
    await upstream?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('carry a multi-platform image there and back unchanged, and give an event for each push', async () => {
    const children = [image({ content: kept }), image({ content: kept, platform: 'linux/arm64' })];
    const whole = index(children);
    const [there, back] = [join(folder, 'there'), join(folder, 'back')];
    await writeLayout(there, whole);
    await skopeo.push(there, 'team/app:v1', ADMIN);
    const pushed = fixture.events.map(({ data }) => [data.target.digest, data.target.tag]);
    await skopeo.pull('team/app:v1', back, PULL_TOKEN);

    expect(pushed).toEqual([...children.map(child => [child.digest, undefined]), [whole.digest, 'v1']]);
    expect(fixture.events[0]?.data.request.useragent).toContain('skopeo/');
    expect(await readLayout(back, whole)).toEqual(contentsOf(whole));
  });

  test('inspect, list and delete', async () => {
    await fixture.push('tools', image({ labels: { team: 'platform' } }), 'v1');
    await fixture.push('tools', image({ content: 'two' }), 'v2');
    await fixture.call('/acr/v1/tools/_tags/v2', { method: 'DELETE' });

    expect(await skopeo.inspect('tools:v1', ADMIN)).toMatchObject({
      Digest: image({ labels: { team: 'platform' } }).digest,
      RepoTags: ['v1'],
      Labels: { team: 'platform' },
    });
    await skopeo.delete('tools:v1', ADMIN);
    const left = await fixture.call('/acr/v1/tools/_manifests');
    expect(await left.json()).toMatchObject({ manifests: [{ digest: image({ content: 'two' }).digest }] });
  });

  test('keep artifacts and what refers to them', async () => {
    const subject = image({ content: 'subject' });
    const signature = artifact({ artifactType: 'application/vnd.example.signature', subject });
    await fixture.push('signed', subject, 'v1');
    await fixture.push('signed', signature);
    const answer = await fixture.call(`/v2/signed/referrers/${subject.digest}`);

    expect(await answer.json()).toMatchObject({ manifests: [{ digest: signature.digest }] });
    expect(await (await fixture.call('/acr/v1/_catalog')).json()).toMatchObject({
      repositories: expect.arrayContaining(['signed']),
    });
  });

  test('are refused a push by a credential that may only pull, and a wrong password', async () => {
    const refused = join(folder, 'refused');
    const wrong = { username: 'demo', password: 'wrong' };
    await writeLayout(refused, image());

    await expect(skopeo.push(refused, 'team/refused:v1', PULL_TOKEN)).rejects.toThrow('denied');
    await expect(skopeo.push(refused, 'team/refused:v1', wrong)).rejects.toThrow('unauthorized');
  });
});
