import type { OnUnreadable } from '../../azure/tables/row-codec.ts';
import { ConflictError, RefusedError, UnreadableRowError } from '../../errors.ts';
import type { V2Client } from './client.ts';
import { type Declared, declaredDestinations } from './destinations.ts';
import { type FoundTemplate, readFound } from './found-template.ts';
import type { Organizations } from './organizations.ts';
import { rollBackTo } from './roll-back.ts';
import { allWishes, type Rollout } from './rollout.ts';
import type { Rollouts, RoundRules } from './rollout-table.ts';
import { rowKeyOf, type TemplateName } from './round.ts';
import type { CoderTemplate } from './schema.ts';
import { readDetail, type TemplateDetail } from './template-detail.ts';

/** A template as it is in Coder, beside what the bridge wants of it. */
export interface TemplateState extends TemplateName {
  rollout: Rollout;
  /** undefined when Coder shows no such template. */
  found: FoundTemplate | undefined;
  /** Workspaces that were started from another version; undefined when the token may not count them. */
  outdated: number | undefined;
  /** Only of one template that was asked for. */
  detail?: TemplateDetail;
}

/** A template as a person calls it: the organization by its name, its id or `default`. */
export interface CalledTemplate {
  organization: string;
  template: string;
}

/** The templates that images go to. All methods throw ServiceError. */
export interface Templates {
  /**
   * Those that the registries' rules name, but not a name with `{name}` in it, nor one of which the bridge's own record
   * cannot be read.
   */
  list(signal: AbortSignal): Promise<TemplateState[]>;
  /** What the bridge remembers of every template that an image went to; Coder is not asked. */
  remembered(): AsyncIterable<Rollout>;
  /**
   * @throws RefusedError `not-found` for what neither Coder nor the bridge knows
   * @throws UnreadableRowError
   */
  get(called: CalledTemplate, signal: AbortSignal): Promise<TemplateState>;
  /**
   * Promotes the version that was active before the active one, or the one with this id or name, and holds the images
   * that were active until another digest is pushed.
   * @throws RefusedError `not-found`, also for a version that was never active
   */
  rollBack(called: CalledTemplate, to: string | undefined, signal: AbortSignal): Promise<TemplateState>;
  /**
   * Promotes what is built and verified and waits for a person.
   * @throws RefusedError `not-found`, `nothing-to-promote`
   */
  promote(called: CalledTemplate, signal: AbortSignal): Promise<TemplateState>;
}

export interface TemplatesOptions {
  coder: V2Client;
  rollouts: Rollouts;
  organizations: Organizations;
  registries(): AsyncIterable<Declared>;
  onUnreadable: OnUnreadable;
}

/** A template that a rule names. */
interface DeclaredTemplate extends TemplateName {
  rules: RoundRules;
}

export function createTemplates(options: TemplatesOptions): Templates {
  const { coder, rollouts, organizations, registries, onUnreadable } = options;

  async function look({ organization, template }: TemplateName, signal: AbortSignal): Promise<TemplateState> {
    const name = { organization, template };
    const [rollout, found] = await Promise.all([rollouts.read(name), readFound(coder, name, signal)]);
    const outdated = found && (await countOutdated(found.template, signal));
    return { ...name, template: found?.template.name ?? template, rollout, found, outdated };
  }

  function skipUnreadable(error: unknown): undefined {
    if (!(error instanceof UnreadableRowError)) throw error;
    onUnreadable(error);
  }

  /** undefined where the token may not. */
  function countOutdated({ name, organization_id }: CoderTemplate, signal: AbortSignal) {
    const query = `template:${name} organization:${organization_id} outdated:true`;
    return coder.countWorkspaces(query, signal).catch(() => undefined);
  }

  /** The templates that rules name, each with one of the rules. */
  async function declaredTemplates(signal: AbortSignal): Promise<DeclaredTemplate[]> {
    const declared: DeclaredTemplate[] = [];
    for await (const registry of registries()) {
      for (const { destination: rules } of declaredDestinations(registry)) {
        const organization = await organizations.resolve(rules.organization, signal);
        const { template } = rules;
        if (!declared.some(isNamed({ organization, template })))
          declared.push({ organization, template, rules });
      }
    }
    return declared;
  }

  async function find(
    { organization: called, template }: CalledTemplate,
    signal: AbortSignal,
  ): Promise<{ state: TemplateState; rules: RoundRules }> {
    const organization = await organizations.resolve(called, signal);
    const [declared, state] = await Promise.all([
      declaredTemplates(signal),
      look({ organization, template }, signal),
    ]);
    const ours = declared.find(isNamed(state));
    const isWished = allWishes(state.rollout).length > 0;
    if (!ours && !isWished) foundOf(state);
    return { state, rules: ours?.rules ?? {} };
  }

  return {
    async get(called, signal) {
      const { state } = await find(called, signal);
      const { found, rollout } = state;
      return found ? { ...state, detail: await readDetail(coder, rollout, found, signal) } : state;
    },

    remembered: rollouts.each,

    async list(signal) {
      const names = (await declaredTemplates(signal)).filter(({ template }) => !template.includes('{name}'));
      const states = await Promise.all(names.map(name => look(name, signal).catch(skipUnreadable)));
      return states.flatMap(state => state ?? []);
    },

    async rollBack(called, to, signal) {
      const { state } = await find(called, signal);
      await rollouts.round(
        state,
        async rollout => {
          const found = foundOf({ ...state, found: await readFound(coder, state, signal) });
          await rollBackTo(coder, rollout, found, to, signal);
          return undefined;
        },
        signal,
      );
      return look(state, signal);
    },

    async promote(called, signal) {
      const { state, rules } = await find(called, signal);
      foundOf(state);
      const { end } = await rollouts.round(
        state,
        rollout => {
          if (!rollout.building) {
            const message = `No version of ${state.template} waits for its promotion.`;
            throw new RefusedError('nothing-to-promote', message);
          }
          rollout.building.isApproved = true;
          return rules;
        },
        signal,
      );
      if (end?.do === 'wait') throw new ConflictError('The version is still being built.');
      return look(state, signal);
    },
  };
}

function isNamed(name: TemplateName): (other: TemplateName) => boolean {
  return other => rowKeyOf(other) === rowKeyOf(name);
}

function foundOf({ found, organization, template }: TemplateState): FoundTemplate {
  if (found) return found;
  const message = `Coder shows the bridge no template ${template} in the organization ${organization.name}.`;
  throw new RefusedError('not-found', message);
}
