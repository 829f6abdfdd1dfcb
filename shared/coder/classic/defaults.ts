import type { WantedImage } from '../target.ts';
import type { ImageDefaults } from './words.ts';

/**
 * The values that an image's own labels ask for. The image's builder wrote the labels, so this leaves out any value
 * that Coder would refuse.
 */
export function defaultsFromLabels(labels: Readonly<Record<string, string>>): ImageDefaults {
  const cpuCores = positive(labels['com.coder.cpu-cores']);
  const memoryGb = positive(labels['com.coder.memory-gb']);
  const diskGb = positive(labels['com.coder.disk-gb']);
  const description = labels['org.opencontainers.image.description']?.slice(0, 4_096);
  const sourceRepoUrl = webUrl(labels['org.opencontainers.image.source']);
  return {
    ...(cpuCores !== undefined && { cpuCores }),
    ...(memoryGb !== undefined && { memoryGb: Math.ceil(memoryGb) }),
    ...(diskGb !== undefined && { diskGb: Math.ceil(diskGb) }),
    ...(description && { description }),
    ...(sourceRepoUrl && { sourceRepoUrl }),
  };
}

/** The values of the image in Coder: a person's request overrides the rule, and the rule overrides the labels. */
export function defaultsOf({
  requested,
  words,
  labels,
}: Pick<WantedImage, 'requested' | 'words' | 'labels'>): ImageDefaults {
  return { ...defaultsFromLabels(labels), ...words.defaults, ...requested };
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return text?.trim() && Number.isFinite(value) && value > 0 && value <= 1_024 ? value : undefined;
}

/** Without the user name and password that it may hold, since everybody who sees the image in Coder sees it. */
function webUrl(text: string | undefined): string | undefined {
  if (!text || text.length > 2_048 || !/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!url.username && !url.password) return text;
  return Object.assign(url, { username: '', password: '' }).href;
}
