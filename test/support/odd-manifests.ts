import fc from 'fast-check';
import { sha256 } from '../../infra/local/digest.ts';
import type { OciBlob, OciManifest } from '../../infra/local/oci-image.ts';

// Manifests that the specifications of OCI and Docker allow, or that registries serve all the same, and that few people
// have seen. https://github.com/opencontainers/image-spec

/** A manifest with everything below it, which can be pushed. */
export interface Odd extends OciManifest {
  /** What its bytes say. */
  value: { config?: { digest: string } };
  manifests: Odd[];
}

/** What a manifest holds of a blob with JSON; undefined when it does not hold it. */
export function jsonOf({ blobs }: Odd, digest: string | undefined): object | undefined {
  const found = blobs.find(blob => blob.digest === digest);
  return found && JSON.parse(found.content.toString());
}

const OCI = {
  image: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layers: [
    'application/vnd.oci.image.layer.v1.tar',
    'application/vnd.oci.image.layer.v1.tar+gzip',
    'application/vnd.oci.image.layer.v1.tar+zstd',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ],
};
const DOCKER = {
  image: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layers: [
    'application/vnd.docker.image.rootfs.diff.tar.gzip',
    'application/vnd.docker.image.rootfs.diff.tar',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ],
};
const OLD_CONFIGS = ['application/octet-stream', 'text/html', 'application/json'];
const FOREIGN_LAYERS = [
  'application/vnd.ollama.image.model',
  'application/vnd.tekton.bundle.layer.v1',
  'application/vnd.wasm.content.layer.v1+wasm',
  'application/octet-stream',
];

const member = fc.string({ minLength: 1, maxLength: 8 });
const nothing = fc.constantFrom(null, undefined);
const annotations = fc.option(fc.dictionary(member, fc.oneof(fc.string(), nothing)), { nil: undefined });
/** What members are there without a value. */
const absent = fc.record({
  artifactType: nothing,
  subject: nothing,
  annotations: fc.oneof(nothing, annotations),
});
const label = fc.oneof(fc.string(), fc.integer(), fc.boolean(), nothing, fc.constant({}), fc.constant([]));
const spelling = (text: string) => fc.constantFrom(text, text.toUpperCase());

/** No two of them have the same digest. */
const nonce = fc.noBias(fc.nat()).map(String);

function blobOf(mediaType: string, value: object | string): OciBlob {
  const content = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { mediaType, digest: sha256(content), content };
}

function descriptorOf({ mediaType, digest, content }: OciBlob) {
  return { mediaType, digest, size: content.length };
}

function toManifest(value: object, mediaType: string, manifests: Odd[], blobs: OciBlob[]): Odd {
  return { ...blobOf(mediaType, value), value, manifests, blobs };
}

const linux = fc.record({
  os: spelling('linux'),
  architecture: fc.constantFrom('amd64', 'arm64', 'x86_64', 's390x'),
});
const windows = fc.record({ os: fc.constant('windows'), architecture: fc.constantFrom('amd64', 'arm64') });

interface ImageOptions {
  platform: fc.Arbitrary<{ os: string; architecture: string }>;
  /** At least one of its layers is of such a type. */
  foreign?: string[];
}

function image({ platform, foreign = [] }: ImageOptions): fc.Arbitrary<Odd> {
  return fc.constantFrom(OCI, DOCKER).chain(format => {
    const types = fc.array(fc.constantFrom(...format.layers), { maxLength: 3 });
    const odd =
      foreign.length > 0 ? fc.array(fc.constantFrom(...foreign), { minLength: 1 }) : fc.constant([]);
    const configTypes = format === DOCKER ? [format.config, ...OLD_CONFIGS] : [format.config];
    return fc
      .record({
        platform,
        variant: fc.constantFrom(null, undefined, 'v1', 'v8', ''),
        labels: fc.oneof(nothing, fc.dictionary(member, label)),
        configType: fc.constantFrom(...configTypes).chain(spelling),
        layers: fc.tuple(types, odd).map(([usual, other]) => [...usual, ...other]),
        absent,
        nonce,
        namesType: format === DOCKER ? fc.constant(true) : fc.boolean(),
      })
      .map(given => toImage(format.image, given));
  });
}

function toImage(
  mediaType: string,
  given: {
    platform: { os: string; architecture: string };
    variant: string | null | undefined;
    labels: object | null | undefined;
    configType: string;
    layers: string[];
    absent: object;
    nonce: string;
    namesType: boolean;
  },
): Odd {
  const config = blobOf(given.configType, {
    ...{ ...given.platform, variant: given.variant, config: { Labels: given.labels } },
    history: [{ comment: given.nonce }],
  });
  const layers = given.layers.map((type, i) => blobOf(type, `layer ${i}`));
  const manifest = {
    ...{ schemaVersion: 2, ...(given.namesType && { mediaType }), ...given.absent },
    ...{ config: descriptorOf(config), layers: layers.map(descriptorOf) },
  };
  return toManifest(manifest, mediaType, [], [config, ...layers]);
}

/** Something that lives beside images, as a manifest of its own. */
const artifact = fc
  .record({
    type: fc.constantFrom('application/vnd.cncf.helm.config.v1+json', 'application/vnd.oci.empty.v1+json'),
    artifactType: fc.constantFrom(null, undefined, 'application/vnd.example', 'x'.repeat(40_000)),
    nonce,
  })
  .map(({ type, artifactType, nonce: text }) => {
    const config = blobOf(type, {});
    const described = { config: descriptorOf(config), layers: [], annotations: { text } };
    const manifest = { schemaVersion: 2, mediaType: OCI.image, artifactType, ...described };
    return toManifest(manifest, OCI.image, [], [config]);
  });

/** An index of these in any order, which tells more or less of them. */
function indexOf(children: readonly Odd[]): fc.Arbitrary<Odd> {
  const told = fc.record({ tells: fc.boolean(), namesType: fc.boolean(), annotations, more: nothing });
  const format = fc.constantFrom(OCI, DOCKER);
  const order = fc.shuffledSubarray([...children], { minLength: children.length });
  return fc
    .tuple(format, order, absent, fc.array(told, { minLength: children.length, maxLength: children.length }))
    .map(([{ index }, ordered, more, words]) => {
      const manifests = ordered.map((child, i) => describe(child, words[i] as (typeof words)[number]));
      return toManifest({ schemaVersion: 2, mediaType: index, ...more, manifests }, index, ordered, []);
    });
}

function describe(
  child: Odd,
  told: { tells: boolean; namesType: boolean; annotations: object | undefined; more: null | undefined },
) {
  const { mediaType, ...descriptor } = descriptorOf(child);
  const platform = jsonOf(child, child.value.config?.digest) ?? {};
  const { os, architecture } = platform as { os?: string; architecture?: string };
  return {
    ...(told.namesType && { mediaType }),
    ...descriptor,
    annotations: told.annotations,
    artifactType: told.more,
    platform: told.tells && os ? { os, architecture, variant: told.more, features: told.more } : told.more,
  };
}

/** Up to three levels, each with one of the first kind and some of the second. */
function nested(wanted: fc.Arbitrary<Odd>, others: fc.Arbitrary<Odd>): fc.Arbitrary<Odd> {
  const level = (inner: fc.Arbitrary<Odd>) =>
    fc.tuple(inner, fc.array(others, { maxLength: 3 })).chain(([one, more]) => indexOf([one, ...more]));
  return fc.oneof(wanted, level(wanted), level(level(wanted)), level(level(level(wanted))));
}

const foreignImage = fc.oneof(
  image({ platform: windows }),
  image({ platform: linux, foreign: FOREIGN_LAYERS }),
);

/** With one image for Linux in it. */
export const withLinuxImage = nested(image({ platform: linux }), fc.oneof(foreignImage, artifact));

/** With images and artifacts of which none runs on Linux. */
export const withoutLinuxImage = nested(foreignImage, fc.oneof(foreignImage, artifact));
