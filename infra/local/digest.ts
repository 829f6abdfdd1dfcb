import { createHash } from 'node:crypto';

/** The digest by which registries name `content`: `sha256:` and 64 hex digits. */
export function sha256(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
