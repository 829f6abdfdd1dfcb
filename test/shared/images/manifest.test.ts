import { expect, test } from 'vitest';
import { classifyManifest } from '../../../shared/images/manifest.ts';

const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const config = { mediaType: OCI_CONFIG, digest: 'sha256:c' };
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
const DOCKER_V2 = 'application/vnd.docker.distribution.manifest.v2+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const layers = (...types: string[]) => types.map(mediaType => ({ mediaType, digest: 'sha256:l', size: 1 }));
const configured = (mediaType: string | null) => ({ config: { ...config, mediaType } });
const child = (os: string, architecture: string, more = {}) => ({
  digest: `sha256:${os}-${architecture}`,
  platform: { os, architecture, ...more },
});

test.each([
  ['an OCI image', { config, layers: [] }],
  ['a Docker image', configured('application/vnd.docker.container.image.v1+json')],
  ...['application/octet-stream', 'text/html', 'text/html; charset=utf-8', 'application/json'].map(type => [
    `an old Docker image with config ${type}`,
    { mediaType: DOCKER_V2, ...configured(type), layers: layers(DOCKER_LAYER) },
  ]),
  ['an old Docker image without a type of its config', { mediaType: DOCKER_V2, ...configured('') }],
  ['an image whose media type is in capitals', configured(OCI_CONFIG.toUpperCase())],
  [
    'an image with nulls',
    { config, layers: null, manifests: null, artifactType: null, subject: null, annotations: null },
  ],
  ['an image whose artifact type is that of its config', { config, artifactType: OCI_CONFIG }],
  ['an image with an empty artifact type', { config, artifactType: '' }],
  ['an image whose annotations are no object', { config, annotations: 'odd' }],
  ['an image with an empty list of manifests', { mediaType: OCI_MANIFEST, config, manifests: [] }],
  [
    'an image with every kind of layer that is unpacked',
    {
      config,
      layers: layers(
        LAYER,
        'application/vnd.oci.image.layer.v1.tar',
        'application/vnd.oci.image.layer.v1.tar+zstd',
        'application/vnd.oci.image.layer.v1.tar+gzip+encrypted',
        'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
        DOCKER_LAYER,
        'application/vnd.docker.image.rootfs.diff.tar',
        'application/vnd.docker.image.rootfs.diff.tar.zstd',
        'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      ),
    },
  ],
] as [string, unknown][])('%s is an image', (_, manifest) => {
  expect(classifyManifest(manifest)).toEqual({ kind: 'image', configDigest: 'sha256:c' });
});

test('the media type that the registry gives counts where the manifest names none', () => {
  const old = configured('application/octet-stream');

  expect(classifyManifest(old, DOCKER_V2)).toMatchObject({ kind: 'image' });
  expect(classifyManifest(old, OCI_MANIFEST)).toMatchObject({ kind: 'other' });
  expect(classifyManifest({}, 'application/vnd.oci.artifact.manifest.v1+json')).toMatchObject({
    ...{ kind: 'other', what: 'an OCI artifact' },
  });
});

test.each([
  ['a Helm chart', configured('application/vnd.cncf.helm.config.v1+json'), 'helm'],
  ['an artifact with the empty config', configured('application/vnd.oci.empty.v1+json'), 'empty'],
  ['an OCI manifest with a config of another type', configured('application/json'), 'application/json'],
  ['an artifact that says its type', { config, artifactType: 'application/spdx+json' }, 'spdx'],
  ['a signature of another manifest', { config, subject: { digest: 'sha256:d' } }, 'attached'],
  [
    'an index of referrers',
    { manifests: [{ digest: 'sha256:a', artifactType: 'application/x.sig' }] },
    'without images',
  ],
  ['an index of attestations', { manifests: [child('unknown', 'unknown')] }, 'without images'],
  ['an empty index', { manifests: [] }, 'without images'],
  ['an index of layers', { mediaType: OCI_INDEX, manifests: layers(LAYER) }, 'without images'],
  ['an index with an artifact type', { manifests: [child('linux', 'amd64')], artifactType: 'x/y' }, 'x/y'],
  [
    'an OCI artifact manifest',
    { mediaType: 'application/vnd.oci.artifact.manifest.v1+json', blobs: [] },
    'an OCI artifact',
  ],
  ['a manifest of schema 1', { schemaVersion: 1, fsLayers: [] }, 'neither'],
  ['text', 'hello', 'neither'],
  ['null', null, 'neither'],
  ['a list', [], 'neither'],
])('%s is no image', (_, manifest, what) => {
  expect(classifyManifest(manifest)).toEqual({
    ...{ kind: 'other', reason: 'not-an-image', what: expect.stringContaining(what) },
  });
});

test.each([
  'application/vnd.tekton.bundle.layer.v1',
  'application/vnd.opa.policy.layer.v1+rego',
  'application/vnd.module.wasm.content.layer.v1+wasm',
  'application/vnd.ollama.image.model',
  'application/vnd.docker.ai.gguf.v3',
  'application/octet-stream',
])('an image with a layer of type %s cannot run', type => {
  expect(classifyManifest({ config, layers: layers(LAYER, type) })).toEqual({
    ...{ kind: 'other', reason: 'not-runnable', what: expect.stringContaining(type) },
  });
});

test.each([
  [
    'an index',
    {
      mediaType: OCI_INDEX,
      manifests: layers(LAYER, LAYER, 'application/vnd.buildkit.cacheconfig.v0'),
    },
  ],
  ['a manifest', configured('application/vnd.buildkit.cacheconfig.v0')],
  ['an artifact', { config, artifactType: 'application/vnd.buildkit.cacheconfig.v0' }],
])('%s that BuildKit wrote is a build cache', (_, manifest) => {
  expect(classifyManifest(manifest)).toMatchObject({ kind: 'other', reason: 'build-cache' });
});

test('a WebAssembly module that looks like an image for Linux is told by its annotation', () => {
  const annotations = { 'module.wasm.image/variant': 'compat' };

  expect(classifyManifest({ config, annotations })).toMatchObject({ kind: 'image', platform: 'wasi/wasm' });
});

test('a type that is far too long is cut in what people are told', () => {
  const manifest = { config, artifactType: `application/${'x'.repeat(40_000)}` };

  expect(JSON.stringify(classifyManifest(manifest)).length).toBeLessThan(300);
});

test('of an index only the images count, not the attestations that buildx adds', () => {
  const attestation = {
    ...child('unknown', 'unknown'),
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  };
  const manifests = [child('linux', 'amd64'), child('linux', 'arm', { variant: 'v7' }), attestation];

  expect(classifyManifest({ manifests })).toEqual({
    kind: 'index',
    children: [
      { digest: 'sha256:linux-amd64', platform: 'linux/amd64' },
      { digest: 'sha256:linux-arm', platform: 'linux/arm/v7' },
    ],
  });
});

test.each([
  ['null members of its platform', { ...child('linux', 'amd64', { variant: null, 'os.version': null }) }],
  [
    'null in place of what it may have',
    { ...child('linux', 'amd64'), annotations: null, artifactType: null },
  ],
  ['an odd annotation', { ...child('linux', 'amd64'), annotations: { odd: 7 } }],
  ['the artifact type of an image', { ...child('linux', 'amd64'), artifactType: OCI_CONFIG }],
  ['other spellings', child('Linux', 'x86_64')],
  ['a variant that says nothing', child('linux', 'amd64', { variant: 'v1' })],
])('a child of an index may have %s', (_, odd) => {
  const manifests = [null, 7, { digest: null }, { ...odd, digest: 'sha256:a' }];

  expect(classifyManifest({ mediaType: OCI_INDEX, artifactType: null, manifests })).toEqual({
    kind: 'index',
    children: [{ digest: 'sha256:a', platform: 'linux/amd64' }],
  });
});

test.each([
  ['no platform', { platform: null }],
  ['an empty platform', { platform: {} }],
  ['only an operating system', { platform: { os: 'linux', architecture: null } }],
  ['the type of an index', { mediaType: OCI_INDEX }],
])('a child with %s is to be read', (_, odd) => {
  expect(classifyManifest({ manifests: [{ digest: 'sha256:a', ...odd }] })).toEqual({
    kind: 'index',
    children: [{ digest: 'sha256:a' }],
  });
});
