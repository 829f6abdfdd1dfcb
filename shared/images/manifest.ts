import * as z from 'zod';
import { OCI_ARTIFACT } from '../azure/acr/client.ts';
import { listOf, mediaType, text } from '../lib/lenient.ts';
import {
  isArtifactType,
  isBuildCache,
  isImageConfig,
  isLayer,
  kindOf,
  type ManifestKind,
  shown,
} from './media-types.ts';
import { formatPlatform } from './platform.ts';

/** The kind of a manifest, with the parts that the import needs. */
export type Manifest =
  /** `platform` is that of its configuration, unless the manifest says otherwise. */
  | { kind: 'image'; configDigest: string; platform?: string }
  | { kind: 'index'; children: [IndexChild, ...IndexChild[]] }
  | NotAnImage;

/** Why something is not offered. */
export interface NotAnImage {
  kind: 'other';
  reason: 'not-an-image' | 'build-cache' | 'not-runnable';
  what: string;
}

/** What an index says of an image in it, or of an index in it. */
export interface IndexChild {
  digest: string;
  /** Absent when the index does not tell; then the child itself has to be read. */
  platform?: string;
}

const Platform = z.object({ os: text, architecture: text, variant: text }).optional().catch(undefined);
const Annotations = z.record(z.string(), z.unknown()).optional().catch(undefined);
const Descriptor = z.object({ mediaType, digest: text });
const Child = z.object({
  mediaType,
  digest: text,
  artifactType: mediaType,
  platform: Platform,
  annotations: Annotations,
});
type Child = z.infer<typeof Child>;

/** What is read of manifests and indexes. What cannot be read is absent, and so is what is `null`. */
const Content = z.object({
  mediaType,
  artifactType: mediaType,
  config: Descriptor.optional().catch(undefined),
  layers: listOf(Descriptor),
  manifests: listOf(Child),
  subject: z.object({ digest: z.string() }).optional().catch(undefined),
  annotations: Annotations,
});
type Content = z.infer<typeof Content>;

/** https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/ and crun know such modules by it. */
const WASM_ANNOTATION = 'module.wasm.image/variant';

/**
 * Tells images from other artifacts in a registry. The event does not say which it is (its media type is that of any
 * OCI manifest), so the types of the configuration, of the layers and of the children decide. Never throws.
 *
 * @param servedAs the media type that the registry gives, for manifests that do not name theirs
 */
export function classifyManifest(manifest: unknown, servedAs?: string): Manifest {
  const content = Content.safeParse(manifest).data;
  if (!content) return notAnImage('a manifest that is neither an image nor an index');
  const type = content.mediaType ?? mediaType.parse(servedAs);
  const { artifactType, subject } = content;
  if (isBuildCache(artifactType)) return BUILD_CACHE;
  if (type === OCI_ARTIFACT) return notAnImage('an OCI artifact');
  if (isArtifactType(artifactType)) return notAnImage(`an artifact of type ${shown(artifactType as string)}`);
  if (subject) return notAnImage('an artifact attached to another manifest');
  switch (formOf(content, kindOf(type))) {
    case 'index':
      return classifyIndex(content.manifests ?? []);
    case 'image':
      return classifyImage(content, type);
    default:
      return notAnImage('a manifest that is neither an image nor an index');
  }
}

/** A manifest is what its media type says, as far as it has the parts for it. */
function formOf({ manifests, config }: Content, kind: ManifestKind): ManifestKind {
  if (manifests && (kind === 'index' || !config?.digest)) return 'index';
  if (config?.digest && (kind === 'image' || !manifests?.length)) return 'image';
  return manifests ? 'index' : 'neither';
}

const BUILD_CACHE: NotAnImage = { kind: 'other', reason: 'build-cache', what: 'a build cache of BuildKit' };

function classifyImage({ config, layers = [], annotations }: Content, type: string | undefined): Manifest {
  if (isBuildCache(config?.mediaType)) return BUILD_CACHE;
  if (!isImageConfig(config?.mediaType, type)) {
    return notAnImage(`an artifact with config ${shown(config?.mediaType as string)}`);
  }
  const odd = layers.find(layer => layer.mediaType !== undefined && !isLayer(layer.mediaType));
  if (odd) {
    const what = `an artifact with the configuration of an image and layers of type ${shown(odd.mediaType as string)}`;
    return { kind: 'other', reason: 'not-runnable', what };
  }
  const isWasm = text.parse(annotations?.[WASM_ANNOTATION]) !== undefined;
  return { kind: 'image', configDigest: config?.digest as string, ...(isWasm && { platform: 'wasi/wasm' }) };
}

function classifyIndex(children: readonly Child[]): Manifest {
  if (children.some(child => isBuildCache(child.mediaType))) return BUILD_CACHE;
  const [first, ...others] = children.flatMap(toIndexChild);
  return first ? { kind: 'index', children: [first, ...others] } : notAnImage('an index without images');
}

/** The child, unless it is something else than an image or an index. */
function toIndexChild({ mediaType: type, digest, artifactType, platform, annotations }: Child): IndexChild[] {
  // buildx lists its attestations as children of platform unknown/unknown.
  const isAttached = text.parse(annotations?.['vnd.docker.reference.type']) !== undefined;
  if (isAttached || platform?.os === 'unknown' || isArtifactType(artifactType)) return [];
  if (!digest || kindOf(type) === 'neither') return [];
  const name = platform?.architecture && formatPlatform(platform);
  return [{ digest, ...(name && { platform: name }) }];
}

function notAnImage(what: string): NotAnImage {
  return { kind: 'other', reason: 'not-an-image', what };
}
