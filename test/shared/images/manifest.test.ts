import { expect, test } from 'vitest';
import { classifyManifest, missingPlatforms } from '../../../shared/images/manifest.ts';

const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const config = { mediaType: OCI_CONFIG, digest: 'sha256:c' };
const child = (os: string, architecture: string, more = {}) => ({
  digest: `sha256:${os}-${architecture}`,
  platform: { os, architecture, ...more },
});

test.each([
  ['an OCI image', { config, layers: [] }],
  ['a Docker image', { config: { ...config, mediaType: 'application/vnd.docker.container.image.v1+json' } }],
])('%s is an image', (_, manifest) => {
  expect(classifyManifest(manifest)).toEqual({ kind: 'image', configDigest: 'sha256:c' });
});

test.each([
  ['a Helm chart', { config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } }, 'helm'],
  [
    'an artifact with the empty config',
    { config: { ...config, mediaType: 'application/vnd.oci.empty.v1+json' } },
    'empty',
  ],
  ['an artifact that says its type', { config, artifactType: 'application/spdx+json' }, 'spdx'],
  ['a signature of another manifest', { config, subject: { digest: 'sha256:d' } }, 'attached'],
  [
    'an index of referrers',
    { manifests: [{ digest: 'sha256:a', artifactType: 'application/x.sig' }] },
    'without images',
  ],
  ['an index of attestations', { manifests: [child('unknown', 'unknown')] }, 'without images'],
  ['an empty index', { manifests: [] }, 'without images'],
  ['an index with an artifact type', { manifests: [child('linux', 'amd64')], artifactType: 'x/y' }, 'x/y'],
  ['a manifest of schema 1', { schemaVersion: 1, fsLayers: [] }, 'neither'],
  ['text', 'hello', 'neither'],
  ['null', null, 'neither'],
])('%s is no image', (_, manifest, what) => {
  expect(classifyManifest(manifest)).toEqual({ kind: 'other', what: expect.stringContaining(what) });
});

test('of an index only the images count, not the attestations that buildx adds', () => {
  const attestation = {
    ...child('unknown', 'unknown'),
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  };
  const manifests = [child('linux', 'amd64'), child('linux', 'arm', { variant: 'v7' }), attestation];

  expect(classifyManifest({ manifests })).toEqual({
    kind: 'index',
    images: [
      { digest: 'sha256:linux-amd64', platform: 'linux/amd64' },
      { digest: 'sha256:linux-arm', platform: 'linux/arm/v7' },
    ],
  });
});

test.each([
  [['linux/amd64'], ['linux/amd64', 'linux/arm64'], []],
  [['linux/arm'], ['linux/arm/v7'], []],
  [['linux/arm/v6'], ['linux/arm/v7'], ['linux/arm/v6']],
  [['linux/arm64'], ['linux/arm64x'], ['linux/arm64']],
  [['linux/amd64', 'windows/amd64'], [], ['linux/amd64', 'windows/amd64']],
])('of %j, given %j, %j is missing', (required, present, missing) => {
  expect(missingPlatforms(required, present)).toEqual(missing);
});
