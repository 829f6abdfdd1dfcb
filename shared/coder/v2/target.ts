import { type Fault, invalidRequest } from '../../errors.ts';
import { ClassicRegistryWords, ClassicRuleWords } from '../classic/words.ts';
import type { DeclaredRegistry, Target } from '../target.ts';
import { applyImage } from './apply.ts';
import { type V2CheckOptions, v2Checks } from './checks.ts';
import { takeInventory } from './inventory.ts';
import { planCalls } from './planned-calls.ts';
import { type RefuseOptions, refuseDestinations } from './refuse.ts';
import { type WithdrawOptions, withdrawImage } from './withdraw.ts';

export type V2TargetOptions = WithdrawOptions & RefuseOptions & V2CheckOptions;

/** Coder v2: an image is what a variable of a template names. */
export function createV2Target(options: V2TargetOptions): Target {
  const { coder, rollouts, now } = options;
  return {
    host: coder.host,
    async refuse(declared) {
      const faults = refuseClassicWords(declared);
      if (faults.length > 0) throw invalidRequest(faults);
      await refuseDestinations(options, declared);
    },
    // Each template has a lease of its own, and two imports of one tag meet at its record.
    withLock: (_image, _signal, work) => work({}),
    apply: (image, _lock, signal) => applyImage(options, image, signal),
    withdraw: (image, _lock, signal) => withdrawImage(options, image, signal),
    observe: async registry => takeInventory(options, registry),
    plan: () => planCalls(coder, rollouts, now, planned => createV2Target({ ...options, ...planned })),
    checks: () => v2Checks(options),
  };
}

const SAID_BY_CLASSIC = 'belongs to Coder Classic, and CODER_GENERATION is v2';

/** Resources and texts of an image have no place in Coder v2. */
function refuseClassicWords(declared: DeclaredRegistry): Fault[] {
  const registryWords = Object.keys(ClassicRegistryWords.shape).filter(word => word in declared);
  const ruleWords = Object.keys(ClassicRuleWords.shape).filter(word => word !== 'defaultTag');
  return [
    ...registryWords.map(path => ({ path, message: SAID_BY_CLASSIC })),
    ...declared.policy.rules.flatMap((rule, i) =>
      ruleWords
        .filter(word => word in rule)
        .map(word => ({ path: `policy.rules[${i}].${word}`, message: SAID_BY_CLASSIC })),
    ),
  ];
}
