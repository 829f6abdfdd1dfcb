import { gzipSync } from 'node:zlib';
import { sha256 } from './digest.ts';
import { tarOf } from './tar.ts';

/** Bytes with the descriptor that OCI manifests refer to them by. */
export interface OciBlob {
  mediaType: string;
  digest: string;
  content: Buffer;
}

/** A manifest or index, with everything that a registry must hold before it. */
export interface OciManifest extends OciBlob {
  /** Of an image, `os/architecture` or `os/architecture/variant`. */
  platform?: string;
  blobs: OciBlob[];
  manifests: OciManifest[];
}

export interface ImageOptions {
  labels?: Record<string, string>;
  /** `linux/amd64` when absent. */
  platform?: string;
  /** Text of the one file in the image. Another text makes another digest. */
  content?: string;
  /** Of the manifest. Others make another digest over the same blobs. */
  annotations?: Record<string, string>;
  /** Of OCI, when absent. */
  layerMediaType?: string;
  /** Stands where the configuration should be. */
  configText?: string;
}

export interface ArtifactOptions {
  artifactType?: string;
  /** Of the empty config that OCI defines, when absent. */
  configMediaType?: string;
  layerMediaType?: string;
  content?: string;
  /** What it is attached to. */
  subject?: OciManifest;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json';

/** A small real image: same options, same digest. */
export function image({
  labels = {},
  platform = 'linux/amd64',
  content = '',
  annotations,
  layerMediaType = LAYER,
  configText,
}: ImageOptions = {}): OciManifest {
  const tar = tarOf('etc/motd', content);
  const layer = blob(layerMediaType, gzipSync(tar));
  const usual = JSON.stringify({
    ...parsePlatform(platform),
    config: { Labels: labels },
    rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
    history: [{ created_by: 'COPY motd /etc/motd' }],
  });
  const config = blob('application/vnd.oci.image.config.v1+json', Buffer.from(configText ?? usual));
  return { ...manifestOf(config, [layer], annotations && { annotations }), platform };
}

/** A multi-platform image. */
export function index(images: OciManifest[]): OciManifest {
  const manifests = images.map(child => ({
    ...describe(child),
    ...(child.platform ? { platform: parsePlatform(child.platform) } : {}),
  }));
  const content = jsonBlob(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests });
  return { ...content, blobs: [], manifests: images };
}

/**
 * Something that is not an image. A Helm chart has the config type `application/vnd.cncf.helm.config.v1+json`,
 * a signature an artifact type and a subject.
 */
export function artifact(options: ArtifactOptions = {}): OciManifest {
  const { artifactType, configMediaType = EMPTY_CONFIG, content = '', subject } = options;
  const layer = blob(options.layerMediaType ?? 'application/octet-stream', Buffer.from(content));
  return manifestOf(jsonBlob(configMediaType, {}), [layer], {
    ...(artifactType ? { artifactType } : {}),
    ...(subject ? { subject: describe(subject) } : {}),
  });
}

/** What `docker buildx build --cache-to type=registry` pushes: an index whose children are blobs. */
export function buildCache(): OciManifest {
  const blobs = [
    blob(LAYER, gzipSync(tarOf('etc/motd', 'cached'))),
    jsonBlob('application/vnd.buildkit.cacheconfig.v0', { layers: [], records: [] }),
  ];
  const content = jsonBlob(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests: blobs.map(describe) });
  return { ...content, blobs, manifests: [] };
}

/** A manifest of release candidates of OCI 1.1, as ORAS 0.15 pushed it. */
export function ociArtifact(artifactType: string): OciManifest {
  const held = blob('application/json', Buffer.from('{}'));
  const content = jsonBlob(ARTIFACT, { mediaType: ARTIFACT, artifactType, blobs: [describe(held)] });
  return { ...content, blobs: [held], manifests: [] };
}

function manifestOf(config: OciBlob, layers: OciBlob[], more: object = {}): OciManifest {
  const content = jsonBlob(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    ...more,
    config: describe(config),
    layers: layers.map(describe),
  });
  return { ...content, blobs: [config, ...layers], manifests: [] };
}

function describe({ mediaType, digest, content }: OciBlob) {
  return { mediaType, digest, size: content.length };
}

function blob(mediaType: string, content: Buffer): OciBlob {
  return { mediaType, digest: sha256(content), content };
}

function jsonBlob(mediaType: string, value: object): OciBlob {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}

function parsePlatform(platform: string) {
  const [os, architecture, variant] = platform.split('/');
  return { os, architecture, ...(variant ? { variant } : {}) };
}
