import { type Fault, invalidRequest } from '../../errors.ts';
import { ClassicRegistryWords, ClassicRuleWords } from '../classic/words.ts';
import { type ForeignWords, findForeignWords, foreignWord } from '../foreign-words.ts';
import type { DeclaredRegistry, Target } from '../target.ts';
import { applyImage } from './apply.ts';
import type { ApplyOptions } from './apply-options.ts';
import { type V2CheckOptions, v2Checks } from './checks.ts';
import { takeInventory } from './inventory.ts';
import { planCalls } from './planned-calls.ts';
import { type RefuseOptions, refuseRegistry } from './refuse.ts';
import { tidyCanaries } from './tidy.ts';
import { withdrawImage } from './withdraw.ts';

export type V2TargetOptions = ApplyOptions & RefuseOptions & V2CheckOptions;

/** Coder v2: an image is what a variable of a template names. */
export function createV2Target(options: V2TargetOptions): Target {
  const { coder, rollouts } = options;
  return {
    host: coder.host,
    choosesByTime: true,
    async refuse(declared) {
      const faults = [...findForeignWords(declared, CLASSIC), ...refuseDefaults(declared)];
      if (faults.length > 0) throw invalidRequest(faults);
      await refuseRegistry(options, declared);
    },
    refuseRequest(words) {
      const faults = Object.keys(words).map(path => ({ path, message: foreignWord(CLASSIC.generation) }));
      if (faults.length > 0) throw invalidRequest(faults);
    },
    // Each template has a lease of its own, and two imports of one tag meet at its record.
    withLock: (_image, _signal, work) => work({}),
    apply: (image, _lock, signal) => applyImage(options, image, signal),
    withdraw: (image, _lock, signal) => withdrawImage(options, image, signal),
    observe: async registry => takeInventory(options, registry),
    plan: () => planCalls(coder, rollouts, planned => createV2Target({ ...options, ...planned })),
    checks: () => v2Checks(options),
    tidy: signal => tidyCanaries(options, signal),
  };
}

/** Resources of an image have no place in Coder v2; the choice of a tag has, and a description in a catalog. */
const CLASSIC: ForeignWords = {
  registry: ClassicRegistryWords,
  rule: ClassicRuleWords.omit({ defaultTag: true, defaults: true }),
  generation: { theirs: 'classic', ours: 'v2' },
};

function refuseDefaults({ policy }: DeclaredRegistry): Fault[] {
  const message = foreignWord(CLASSIC.generation);
  return policy.rules.flatMap(({ defaults = {} }, i) =>
    Object.keys(defaults)
      .filter(word => word !== 'description')
      .map(word => ({ path: `policy.rules[${i}].defaults.${word}`, message })),
  );
}
