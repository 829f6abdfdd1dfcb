/** What an image is made for, as manifests and configurations say it; any part may be missing. */
export interface PlatformParts {
  os?: string | undefined;
  architecture?: string | undefined;
  variant?: string | undefined;
}

/** Other spellings of architectures. github.com/containerd/platforms reads them in the same way. */
const SPELLINGS: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
};

/** Variants that every processor of the architecture has, so that naming them says nothing. */
const BASELINE = new Set(['linux/amd64/v1', 'linux/arm64/v8', 'linux/arm64/8']);

/** `os/architecture` or `os/architecture/variant`; undefined when the operating system is not named. */
export function formatPlatform({ os, architecture, variant }: PlatformParts): string | undefined {
  return os ? normalized([os, architecture, variant].filter(part => part).join('/')) : undefined;
}

function normalized(platform: string): string {
  const [os, architecture = '', ...variant] = platform.toLowerCase().split('/');
  const name = [os, SPELLINGS[architecture] ?? architecture, ...variant].filter(part => part).join('/');
  return BASELINE.has(name) ? name.slice(0, name.lastIndexOf('/')) : name;
}

/** The required platforms that are not there. `linux/arm64` is satisfied by any variant of it. */
export function missingPlatforms(required: readonly string[], present: readonly string[]): string[] {
  return required.filter(want => !present.some(have => covers(normalized(want), have)));
}

/**
 * Whether workspaces run images of that platform. WebAssembly counts only where it is named, since an image of it may
 * name Linux as its operating system and starts on no usual node all the same.
 *
 * @param allowed operating systems, or platforms
 */
export function isRunnable(platform: string, allowed: readonly string[]): boolean {
  const [os, architecture] = platform.split('/');
  const names = allowed.map(normalized);
  if (architecture?.startsWith('wasm')) return names.some(name => covers(name, platform) && name !== os);
  return names.some(name => covers(name, platform));
}

function covers(want: string, have: string): boolean {
  return have === want || have.startsWith(`${want}/`);
}
