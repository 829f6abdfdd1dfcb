/** A release of Coder, as far as the bridge tells releases apart. */
export interface Release {
  major: number;
  minor: number;
}

/** @param version as `GET /buildinfo` tells it, such as `v2.35.1+8b44bd6` */
export function releaseOf(version: string): Release {
  const [, major = 0, minor = 0] = /v?(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  return { major, minor };
}

export function isAtLeast({ major, minor }: Release, least: Release): boolean {
  return major > least.major || (major === least.major && minor >= least.minor);
}
