/** A manifest as it was pushed. */
export interface Manifest {
  digest: string;
  mediaType: string;
  content: Buffer;
  createdAt: Date;
}

export interface Tag {
  name: string;
  digest: string;
  createdAt: Date;
  /** When it was last pushed, moved or not. */
  updatedAt: Date;
}

/** Where the registry keeps what is pushed. A repository exists while it holds a manifest. */
export interface RegistryStorage {
  /** In alphabetical order, as are all lists here. */
  repositories(): Promise<string[]>;
  tags(repository: string): Promise<Tag[]>;
  /** Empty when there is no such repository. */
  manifests(repository: string): Promise<Manifest[]>;
  /** @param reference tag or digest */
  manifest(repository: string, reference: string): Promise<Manifest | undefined>;
  /** @param tag pointed to the manifest, wherever it pointed before */
  putManifest(repository: string, manifest: Omit<Manifest, 'createdAt'>, tag?: string): Promise<void>;
  /** Takes the tags that point to it along. */
  deleteManifest(repository: string, digest: string): Promise<void>;
  untag(repository: string, tag: string): Promise<void>;
  /** In bytes; undefined when there is no such blob. */
  blobSize(repository: string, digest: string): Promise<number | undefined>;
  blob(repository: string, digest: string): Promise<Buffer | undefined>;
  putBlob(repository: string, digest: string, content: Buffer): Promise<void>;
  deleteBlob(repository: string, digest: string): Promise<void>;
}

/** Orders by a text, for `sort`: by code units, as registries do, and not by language. */
export function by<T>(key: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => Number(key(a) > key(b)) - Number(key(a) < key(b));
}
