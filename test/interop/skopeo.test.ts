import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artifact, image, index, type OciManifest } from '../../infra/local/oci-image.ts';
import {
  ADMIN,
  PULL_TOKEN,
  startTestRegistry,
  type TestRegistry,
} from '../infra/local/stand-ins/registry/fixture.ts';

const run = promisify(execFile);

let folder: string;
let certificates: string;
let upstream: { process: ChildProcess; url: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skopeo-'));
  certificates = join(folder, 'certificates');
  upstream = await startDistribution(join(folder, 'upstream'));
});
afterAll(async () => {
  upstream?.process.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

describe.each(['memory', 'a distribution registry'])('skopeo and a registry kept in %s', kept => {
  let fixture: TestRegistry;
  let host: string;
  beforeAll(async () => {
    fixture = await startTestRegistry(kept === 'memory' ? {} : { upstream: upstream.url });
    host = `docker://${fixture.registry.loginServer}`;
    await mkdir(certificates, { recursive: true });
    await writeFile(join(certificates, 'ca.crt'), fixture.tls.ca);
  });
  afterAll(() => fixture.registry.close());

  const admin = `${ADMIN.username}:${ADMIN.password}`;
  const puller = `${PULL_TOKEN.username}:${PULL_TOKEN.password}`;
  const skopeo = (...parameters: string[]) => run('skopeo', ['--insecure-policy', ...parameters]);
  const copyIn = (from: string, to: string, credentials = admin) =>
    skopeo(
      'copy',
      '--all',
      '--dest-creds',
      credentials,
      '--dest-cert-dir',
      certificates,
      from,
      `${host}/${to}`,
    );
  const copyOut = (from: string, to: string, credentials = admin) =>
    skopeo(
      'copy',
      '--all',
      '--src-creds',
      credentials,
      '--src-cert-dir',
      certificates,
      `${host}/${from}`,
      to,
    );
  const layout = (name: string) => `oci:${join(folder, name)}`;

  test('carry a multi-platform image there and back unchanged, and tell of each push', async () => {
    const children = [image({ content: kept }), image({ content: kept, platform: 'linux/arm64' })];
    const whole = index(children);
    const name = kept.replaceAll(' ', '-');
    await writeLayout(join(folder, name), whole);
    await copyIn(layout(name), 'team/app:v1');
    const pushed = fixture.events.map(({ data }) => [data.target.digest, data.target.tag]);
    await copyOut('team/app:v1', layout(`${name}-back`), puller);

    expect(pushed).toEqual([...children.map(child => [child.digest, undefined]), [whole.digest, 'v1']]);
    expect(fixture.events[0]?.data.request.useragent).toContain('skopeo/');
    const blobs = [whole, ...children, ...children.flatMap(child => child.blobs)];
    for (const { digest, content } of blobs) {
      expect(await readFile(blobFile(join(folder, `${name}-back`), digest))).toEqual(content);
    }
  });

  test('inspect, list and delete', async () => {
    await fixture.push('tools', image({ labels: { team: 'platform' } }), 'v1');
    await fixture.push('tools', image({ content: 'two' }), 'v2');
    await fixture.call('/acr/v1/tools/_tags/v2', { method: 'DELETE' });
    const login = ['--creds', admin, '--cert-dir', certificates];

    const inspected = await skopeo('inspect', ...login, `${host}/tools:v1`);
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      Digest: image({ labels: { team: 'platform' } }).digest,
      RepoTags: ['v1'],
      Labels: { team: 'platform' },
    });
    await skopeo('delete', ...login, `${host}/tools:v1`);
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
    await writeLayout(join(folder, 'refused'), image());

    await expect(copyIn(layout('refused'), 'team/refused:v1', puller)).rejects.toThrow('denied');
    await expect(copyIn(layout('refused'), 'team/refused:v1', 'demo:wrong')).rejects.toThrow('unauthorized');
  });
});

/** https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
async function writeLayout(directory: string, manifest: OciManifest): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  const { mediaType, digest, content } = manifest;
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(
    join(directory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, digest, size: content.length }] }),
  );
  await writeBlobs(directory, manifest);
}

async function writeBlobs(directory: string, manifest: OciManifest): Promise<void> {
  for (const { digest, content } of [manifest, ...manifest.blobs]) {
    await writeFile(blobFile(directory, digest), content);
  }
  for (const child of manifest.manifests) await writeBlobs(directory, child);
}

function blobFile(directory: string, digest: string): string {
  return join(directory, 'blobs', ...digest.split(':'));
}

/** Debian's docker-registry on a free port, without credentials. */
async function startDistribution(root: string): Promise<{ process: ChildProcess; url: string }> {
  const configFile = `${root}.json`;
  const config = {
    version: 0.1,
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: root }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' },
  };
  await writeFile(configFile, JSON.stringify(config));
  const process = spawn('docker-registry', ['serve', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const line of createInterface(process.stderr)) {
    const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (!address) continue;
    process.stderr.resume();
    return { process, url: `http://${address}` };
  }
  throw new Error('docker-registry ended before it listened');
}
