import type { LeasedRows } from '../../azure/tables/leased-rows.ts';
import { advance, type RoundEnd } from './advance.ts';
import type { V2Client } from './client.ts';
import { allWishes, canaryRuleOf, type Rollout, type RolloutRow } from './rollout.ts';
import { type RoundOptions, rowKeyOf, type TemplateName } from './round.ts';
import type { Wish } from './wish.ts';
import type { Destination } from './words.ts';

/** What the bridge remembers of templates: a row for each, on which one worker works at a time. */
export interface Rollouts {
  /** @throws UnreadableRowError; the next round replaces a damaged row */
  read(name: TemplateName): Promise<Rollout>;
  /** What is remembered of every template, as far as it can be read. */
  each(): AsyncIterable<Rollout & { at: TemplateName }>;
  /**
   * Changes what is remembered, and then works on the template until it has to wait.
   * @throws ServiceError
   */
  round(
    name: TemplateName,
    change: (rollout: Rollout) => Promise<RoundRules | undefined> | RoundRules | undefined,
    signal: AbortSignal,
  ): Promise<{ end: RoundEnd | undefined; rollout: Rollout }>;
  /** The same on a Coder that is only read; nothing is stored. */
  inMemory(coder: V2Client): Rollouts;
}

/** How the round goes on, by what the rule says. */
export type RoundRules = Pick<Destination, 'onDrift' | 'keepVersions'>;

const PARTITION = '@templates';
const KEPT_VERSIONS = 10;

export function createRollouts(rows: LeasedRows<RolloutRow>, coder: V2Client, now: () => Date): Rollouts {
  const keyOf = (name: TemplateName) => ({ partitionKey: PARTITION, rowKey: rowKeyOf(name) });
  return {
    read: async name => (await rows.readIntact(keyOf(name))).rollout,
    async *each() {
      for await (const { rowKey, content } of rows.each(PARTITION)) {
        const { rollout } = content;
        const [id = '', key = ''] = rowKey.split('|');
        const { name = { organization: id, template: key } } = rollout;
        const at = { organization: { id, name: name.organization }, template: name.template };
        yield { ...rollout, name, at };
      }
    },
    round: (name, change, signal) =>
      rows.withLease(keyOf(name), signal, async ({ rollout }) => {
        rollout.name = { organization: name.organization.name, template: name.template };
        const rules = await change(rollout);
        if (!rules) return { end: undefined, rollout };
        const options: RoundOptions = {
          ...{ coder, now },
          wanted: valuesOf(rollout.wishes),
          isManual: allWishes(rollout).some(wish => wish.isManual),
          canary: canaryRuleOf(rollout),
          restores: rules.onDrift === 'restore',
          keepVersions: rules.keepVersions ?? KEPT_VERSIONS,
        };
        return { end: await advance(options, name, rollout, signal), rollout };
      }),
    inMemory: planned =>
      createRollouts(
        {
          ...rows,
          withLease: async (key, _, work) => work(await rows.readIntact(key), false, async () => {}),
        },
        planned,
        now,
      ),
  };
}

function valuesOf(wishes: Readonly<Record<string, Wish>>): Record<string, string> {
  return Object.fromEntries(Object.entries(wishes).map(([variable, { value }]) => [variable, value]));
}
