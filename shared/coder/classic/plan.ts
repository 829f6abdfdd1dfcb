import type { CoderImage, CoderTag, ImageChange } from './schema.ts';
import type { ImageDefaults } from './words.ts';

/** What Coder has of an image, and what it should have. */
export interface PlanFacts {
  image: CoderImage;
  /** The tag in Coder; undefined when Coder does not have it. */
  tag: CoderTag | undefined;
  wanted: {
    tag: string;
    digests: readonly string[];
    defaults: ImageDefaults;
    makeDefault: boolean;
    /** Whether the bridge deprecated the image because its last tag was deleted. */
    restore: boolean;
  };
}

/** The changes that make Coder have it. */
export interface Plan {
  tag: 'add' | 'refresh' | 'keep';
  change: ImageChange | undefined;
}

export function planImage({ image, tag, wanted }: PlanFacts): Plan {
  const moveDefault = wanted.makeDefault && image.default_tag?.tag !== wanted.tag;
  // A new tag becomes the default in the same call that adds it.
  const change = {
    ...differing(image, wanted.defaults),
    ...(moveDefault && tag && { default_tag: wanted.tag }),
    ...(wanted.restore && image.deprecated && { deprecated: false }),
  };
  return {
    tag: !tag ? 'add' : wanted.digests.includes(tag.latest_hash ?? '') ? 'keep' : 'refresh',
    change: Object.keys(change).length > 0 ? change : undefined,
  };
}

/** The words of the API for Coder's fields. */
const WORDS = {
  default_cpu_cores: 'cpuCores',
  default_memory_gb: 'memoryGb',
  default_disk_gb: 'diskGb',
  description: 'description',
  url: 'sourceRepoUrl',
} as const;

/** Says which values of the image change; undefined when none does. */
export function sayChanged(image: CoderImage, change: ImageChange = {}): string | undefined {
  const said = Object.entries(WORDS).flatMap(([field, word]) => {
    const before = image[field as keyof typeof WORDS];
    const after = change[field as keyof typeof WORDS];
    if (after === undefined) return [];
    return typeof after === 'number' ? `${word} from ${before ?? 'none'} to ${after}` : word;
  });
  return said.length > 0 ? `This changed the image in Coder: ${said.join(', ')}.` : undefined;
}

/** The defaults under Coder's field names. */
export function toCoderFields(defaults: ImageDefaults): ImageChange {
  const { cpuCores, memoryGb, diskGb, description, sourceRepoUrl } = defaults;
  return {
    ...(cpuCores !== undefined && { default_cpu_cores: cpuCores }),
    ...(memoryGb !== undefined && { default_memory_gb: memoryGb }),
    ...(diskGb !== undefined && { default_disk_gb: diskGb }),
    ...(description !== undefined && { description }),
    ...(sourceRepoUrl !== undefined && { url: sourceRepoUrl }),
  };
}

function differing(image: CoderImage, defaults: ImageDefaults): ImageChange {
  const fields = Object.entries(toCoderFields(defaults));
  return Object.fromEntries(fields.filter(([field, value]) => image[field as keyof CoderImage] !== value));
}
