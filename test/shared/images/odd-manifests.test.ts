import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideImport } from '../../../shared/images/decide.ts';
import { ImageConfig } from '../../../shared/images/image-config.ts';
import type { ReadChild } from '../../../shared/images/image-index.ts';
import { classifyManifest } from '../../../shared/images/manifest.ts';
import type { ImportFacts, ImportStep } from '../../../shared/images/step.ts';
import { jsonOf, type Odd, withLinuxImage, withoutLinuxImage } from '../../support/odd-manifests.ts';

/** More than are read of any index. */
const MOST_STEPS = 20;

/** Decides step by step with what a registry holds, and gives the last step and how many facts were read for it. */
function decide(pushed: Odd): { step: ImportStep; reads: number } {
  const now = new Date();
  const { digest, mediaType, value } = pushed;
  const facts: ImportFacts = {
    ...{ verdict: { action: 'import', pinned: false }, inDoubt: false, onlyToImport: false, isLocked: true },
    ...{ pushedOn: now, now, runnable: ['linux'], children: new Map(), listed: null },
    found: { digest, manifest: value, mediaType },
  };
  for (let reads = 0; reads <= MOST_STEPS; reads++) {
    const step = decideImport(facts);
    if (step.do === 'read-config') {
      facts.config = { digest: step.digest, config: ImageConfig.parse(jsonOf(pushed, step.digest)) };
    } else if (step.do === 'read-child') facts.children.set(step.digest, childOf(pushed, step.digest));
    else return { step, reads };
  }
  throw new Error('It reads without an end.');
}

function childOf(pushed: Odd, digest: string): ReadChild {
  const child = find(pushed, digest);
  if (!child) return { manifest: null, config: null };
  const manifest = classifyManifest(child.value, child.mediaType);
  const config = manifest.kind === 'image' ? ImageConfig.parse(jsonOf(child, manifest.configDigest)) : null;
  return { manifest, config };
}

function find({ manifests }: Odd, digest: string): Odd | undefined {
  for (const child of manifests) {
    const found = child.digest === digest ? child : find(child, digest);
    if (found) return found;
  }
  return undefined;
}

test('no image for Linux is lost, whatever its shape and what is beside it', () => {
  fc.assert(
    fc.property(withLinuxImage, pushed => {
      expect(decide(pushed).step).toMatchObject({ do: 'apply' });
    }),
    { numRuns: 300 },
  );
});

test('nothing is offered in which nothing runs on Linux', () => {
  fc.assert(
    fc.property(withoutLinuxImage, pushed => {
      expect(decide(pushed).step).toMatchObject({ do: 'record', reason: expect.stringMatching(/^no/) });
    }),
    { numRuns: 300 },
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
    { numRuns: 600 },
  );
});
