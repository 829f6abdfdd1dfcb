import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideImport } from '../../../shared/images/decide.ts';
import { ImageConfig } from '../../../shared/images/image-config.ts';
import type { ReadChild } from '../../../shared/images/image-index.ts';
import { classifyManifest } from '../../../shared/images/manifest.ts';
import type { ImportFacts, ImportStep } from '../../../shared/images/step.ts';
import { type Held, withLinuxImage, withoutLinuxImage } from '../../support/odd-manifests.ts';

/** More than are read of any index. */
const MOST_STEPS = 20;

/** Decides step by step with what a registry holds, and gives the last step and how many facts were read for it. */
function decide({ digest, mediaType, manifest, content }: Held): { step: ImportStep; reads: number } {
  const now = new Date();
  const facts: ImportFacts = {
    ...{ verdict: { action: 'import', pinned: false }, inDoubt: false, onlyToImport: false, isLocked: true },
    ...{ pushedOn: now, now, runnable: ['linux'], children: new Map(), listed: null },
    found: { digest, manifest, mediaType },
  };
  for (let reads = 0; reads <= MOST_STEPS; reads++) {
    const step = decideImport(facts);
    if (step.do === 'read-config')
      facts.config = { digest: step.digest, config: configOf(content, step.digest) };
    else if (step.do === 'read-child') facts.children.set(step.digest, childOf(content, step.digest));
    else return { step, reads };
  }
  throw new Error('It reads without an end.');
}

function configOf(content: Held['content'], digest: string): ImageConfig {
  return ImageConfig.parse(content.get(digest)?.value);
}

function childOf(content: Held['content'], digest: string): ReadChild {
  const found = content.get(digest);
  if (!found) return { manifest: null, config: null };
  const manifest = classifyManifest(found.value, found.mediaType);
  const config = manifest.kind === 'image' ? configOf(content, manifest.configDigest) : null;
  return { manifest, config };
}

test('no image for Linux is lost, whatever its shape and what is beside it', () => {
  fc.assert(
    fc.property(withLinuxImage, held => {
      expect(decide(held).step).toMatchObject({ do: 'apply' });
    }),
    { numRuns: 1_000 },
  );
});

test('nothing is offered in which nothing runs on Linux', () => {
  fc.assert(
    fc.property(withoutLinuxImage, held => {
      expect(decide(held).step).toMatchObject({ do: 'record', reason: expect.stringMatching(/^no/) });
    }),
    { numRuns: 1_000 },
  );
});

test('nothing that a registry may serve makes the classification throw, or its message long', () => {
  const member = fc.constantFrom(
    ...['mediaType', 'artifactType', 'config', 'layers', 'manifests', 'subject', 'annotations', 'platform'],
    ...['digest', 'os', 'architecture', 'variant', 'vnd.docker.reference.type', '__proto__'],
  );
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { maxDepth: 6, withCrossShrink: true },
      fc.oneof(
        fc.jsonValue(),
        fc.constantFrom('application/vnd.oci.image.config.v1+json', 'x'.repeat(40_000)),
      ),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(member, tie('tree')),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.option(fc.string(), { nil: undefined }), (manifest, servedAs) => {
      const found = classifyManifest(manifest, servedAs);
      if (found.kind === 'other') expect(found.what.length).toBeLessThan(300);
      ImageConfig.parse(manifest);
    }),
    { numRuns: 2_000 },
  );
});
