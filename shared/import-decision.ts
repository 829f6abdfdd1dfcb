import {
  classifyManifest,
  type ImageConfig,
  type Manifest,
  missingPlatforms,
  platformOf,
} from './manifest.ts';
import type { Verdict } from './policy.ts';
import type { ImageReason } from './reasons.ts';

/** What is known when an import is decided. */
export interface ImportFacts {
  verdict: Verdict;
  /** Not asked for when the policy skips the image; `undefined` inside means that the registry has no such tag. */
  found?: { digest: string; manifest: unknown } | undefined;
  /** The configuration of a single image, once it was read. */
  config?: ImageConfig | undefined;
  /** What the record says, if there is one. */
  record?: { state: string; reason: string; digest?: string; pushedOn?: Date; dueOn?: Date } | undefined;
}

/** The one thing to do next. */
export type ImportAction =
  | { do: 'nothing' }
  | { do: 'record'; reason: ImageReason; message: string }
  /** The image's own configuration is needed to decide. */
  | { do: 'read-config'; digest: string }
  | { do: 'forward'; digests: [string, ...string[]] }
  | { do: 'remove' };

/** Decides from facts alone, so that every case can stand in a table. */
export function decideImport(facts: ImportFacts): ImportAction {
  const { verdict, found, record } = facts;
  if (verdict.action === 'skip') return settle(verdict.reason, SKIPPED[verdict.reason], undefined, record);
  if (!found) return decideGone(verdict, record);
  if (record?.state === 'imported' && record.digest === found.digest) return { do: 'nothing' };

  const manifest = classifyManifest(found.manifest);
  if (manifest.kind === 'other')
    return settle('not-an-image', `It is ${manifest.what}.`, found.digest, record);
  if (manifest.kind === 'image' && !facts.config) return { do: 'read-config', digest: manifest.configDigest };

  const missing = missingPlatforms(verdict.rule?.platforms ?? [], platformsOf(manifest, facts.config));
  if (missing.length > 0) {
    return { do: 'record', reason: 'waiting-for-platforms', message: `It lacks ${missing.join(', ')}.` };
  }
  const children = manifest.kind === 'index' ? manifest.images.map(({ digest }) => digest) : [];
  return { do: 'forward', digests: [found.digest, ...children] };
}

function decideGone(verdict: Verdict, record: ImportFacts['record']): ImportAction {
  const remove = verdict.action === 'import' && verdict.rule?.onDelete === 'remove';
  if (!remove) return settle('gone', 'The registry has no such tag.', undefined, record);
  return record?.reason === 'removed-from-coder' ? { do: 'nothing' } : { do: 'remove' };
}

const SKIPPED = {
  'no-rule': "No rule of the registry's policy matches.",
  excluded: 'A rule of the policy excludes it, or its tag belongs to a signature, an attestation or an SBOM.',
};

/** A final outcome, which is not written twice. */
function settle(
  reason: ImageReason,
  message: string,
  digest: string | undefined,
  record: ImportFacts['record'],
): ImportAction {
  // A record that is due was looked at again, and must say so.
  const unchanged = record?.reason === reason && record.digest === digest && !record.dueOn;
  return unchanged ? { do: 'nothing' } : { do: 'record', reason, message };
}

function platformsOf(
  manifest: Exclude<Manifest, { kind: 'other' }>,
  config: ImageConfig | undefined,
): string[] {
  const platforms =
    manifest.kind === 'index'
      ? manifest.images.map(({ platform }) => platform)
      : [config && platformOf(config)];
  return platforms.filter(platform => platform !== undefined);
}
