import pLimit from 'p-limit';
import { image } from '../../infra/local/oci-image.ts';
import { pushImages } from '../../infra/local/push-image.ts';
import type { LiveApp } from './live-app.ts';

/** Digests by tag, by repository. */
export type Images = Map<string, Map<string, string>>;

/** Repositories that are pushed to at once. */
const AT_ONCE = 8;

/** Pushes images to the sample registry: all share their blobs, and each has a digest of its own. */
export async function pushMany(
  { environment, tls }: LiveApp,
  tagsOf: ReadonlyMap<string, readonly string[]>,
): Promise<Images> {
  const { standIns, registry } = environment.cloud;
  const target = { registryUrl: standIns.registry.url, ...registry.pusher, ca: tls.ca };
  const atMost = pLimit(AT_ONCE);
  const pushed = [...tagsOf].map(([repository, tags]) =>
    atMost(async (): Promise<[string, Map<string, string>]> => {
      const images = tags.map(tag => ({
        tag,
        manifest: image({ content: 'scale', annotations: { of: `${repository}:${tag}` } }),
      }));
      await pushImages(target, repository, images);
      return [repository, new Map(images.map(({ tag, manifest }) => [tag, manifest.digest]))];
    }),
  );
  return new Map(await Promise.all(pushed));
}

/** What Coder has: digests by tag, by repository. @throws when it has a repository twice */
export function imagesInCoder({ environment }: LiveApp): Images {
  const found: Images = new Map();
  for (const { repository, tags } of environment.cloud.standIns.coder.state().images) {
    if (found.has(repository)) throw new Error(`Coder has ${repository} twice.`);
    found.set(repository, new Map(tags.map(({ tag, latest_hash }) => [tag, latest_hash])));
  }
  return found;
}

/** Where the two differ, one line each. */
export function differences(wanted: Images, found: Images): string[] {
  const lines: string[] = [];
  for (const repository of new Set([...wanted.keys(), ...found.keys()])) {
    const [here, there] = [wanted.get(repository), found.get(repository)];
    for (const tag of new Set([...(here?.keys() ?? []), ...(there?.keys() ?? [])])) {
      const [is, shouldBe] = [there?.get(tag), here?.get(tag)];
      if (is !== shouldBe) lines.push(`${repository}:${tag} is ${is}, should be ${shouldBe}`);
    }
  }
  return lines;
}

export function count(images: ReadonlyMap<string, { size: number }>): number {
  return [...images.values()].reduce((sum, { size }) => sum + size, 0);
}
