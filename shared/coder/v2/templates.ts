import type { OnUnreadable } from '../../azure/tables/row-codec.ts';
import { ConflictError, RefusedError, UnreadableRowError } from '../../errors.ts';
import type { V2Client } from './client.ts';
import { type Declared, declaredDestinations } from './destinations.ts';
import { listOwnVersions } from './own-versions.ts';
import type { Rollout } from './rollout.ts';
import type { Rollouts, RoundRules } from './rollout-table.ts';
import type { TemplateName } from './round.ts';
import type { CoderTemplate, CoderVariable, CoderVersion } from './schema.ts';
import { isSameImage } from './value.ts';

/** A template as it is in Coder, beside what the bridge wants of it. */
export interface TemplateState extends TemplateName {
  template: string;
  rollout: Rollout;
  /** undefined when Coder shows no such template. */
  found:
    | { template: CoderTemplate; active: CoderVersion | undefined; variables: readonly CoderVariable[] }
    | undefined;
  /** Workspaces that were started from another version; undefined when the token may not count them. */
  outdated: number | undefined;
}

/** The templates that images go to. All methods throw ServiceError. */
export interface Templates {
  /**
   * Those that the registries' rules name, but not a name with `{name}` in it, nor one of which the bridge's own record
   * cannot be read.
   */
  list(signal: AbortSignal): Promise<TemplateState[]>;
  /**
   * The organization may be named as the rules do not, such as by its id.
   * @throws RefusedError `not-found` for what neither Coder nor the bridge knows
   * @throws UnreadableRowError
   */
  get(name: TemplateName, signal: AbortSignal): Promise<TemplateState>;
  /**
   * Promotes the version before the active one, or the one with this id or name, and holds the newer values until
   * another digest is pushed.
   * @throws RefusedError `not-found`, also for a version whose import did not succeed
   */
  rollBack(name: TemplateName, to: string | undefined, signal: AbortSignal): Promise<TemplateState>;
  /**
   * Promotes what is built and verified and waits for a person.
   * @throws RefusedError `not-found`, `nothing-to-promote`
   */
  promote(name: TemplateName, signal: AbortSignal): Promise<TemplateState>;
}

export interface TemplatesOptions {
  coder: V2Client;
  rollouts: Rollouts;
  /** Organization of destinations that name none. */
  organization: string;
  registries(): AsyncIterable<Declared>;
  onUnreadable: OnUnreadable;
}

/** A template that a rule names. */
interface DeclaredTemplate extends TemplateName {
  rules: RoundRules;
}

export function createTemplates(options: TemplatesOptions): Templates {
  const { coder, rollouts, organization, registries, onUnreadable } = options;

  async function look(
    { organization, template: called }: TemplateName,
    signal: AbortSignal,
  ): Promise<TemplateState> {
    const name = { organization, template: called };
    const [rollout, template] = await Promise.all([
      rollouts.read(name),
      coder.findTemplate(name.organization, name.template, signal),
    ]);
    if (!template) return { ...name, rollout, found: undefined, outdated: undefined };
    const [active, variables, outdated] = await Promise.all([
      coder.getVersion(template.active_version_id, signal),
      coder.listVariables(template.active_version_id, signal),
      countOutdated(template, signal),
    ]);
    return { ...name, rollout, found: { template, active, variables }, outdated };
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
  async function declaredTemplates(): Promise<DeclaredTemplate[]> {
    const declared = new Map<string, DeclaredTemplate>();
    for await (const registry of registries()) {
      for (const { destination: rules } of declaredDestinations(registry)) {
        const name = { organization: rules.organization ?? organization, template: rules.template };
        declared.set(`${name.organization}/${name.template}`, { ...name, rules });
      }
    }
    return [...declared.values()];
  }

  /** As the rules name the template, under which the bridge remembers it. */
  async function asDeclared(
    name: TemplateName,
    declared: readonly TemplateName[],
    signal: AbortSignal,
  ): Promise<TemplateName> {
    const organizations = [...new Set(declared.map(other => other.organization))];
    if (organizations.includes(name.organization)) return name;
    const idOf = async (other: string) => (await coder.findTemplate(other, name.template, signal))?.id;
    const id = await idOf(name.organization);
    if (id === undefined) return name;
    for (const other of organizations) {
      if ((await idOf(other)) === id) return { ...name, organization: other };
    }
    return name;
  }

  async function find(
    name: TemplateName,
    signal: AbortSignal,
  ): Promise<{ state: TemplateState; rules: RoundRules }> {
    const declared = await declaredTemplates();
    const state = await look(await asDeclared(name, declared, signal), signal);
    const ours = declared.find(
      other => other.organization === state.organization && other.template === state.template,
    );
    const isWished = Object.keys(state.rollout.wishes).length > 0;
    if (!ours && !isWished) foundOf(state);
    return { state, rules: ours?.rules ?? {} };
  }

  async function versionBefore(state: TemplateState, signal: AbortSignal): Promise<CoderVersion> {
    const { template, active } = foundOf(state);
    const ours = await listOwnVersions(coder, template.id, signal);
    const before = ours.find(
      ({ id, job, created_at }) =>
        id !== active?.id &&
        job.status === 'succeeded' &&
        active !== undefined &&
        created_at < active.created_at,
    );
    if (before) return before;
    throw new RefusedError(
      'not-found',
      `The template ${state.template} has no earlier version of the bridge's.`,
    );
  }

  return {
    get: async (name, signal) => (await find(name, signal)).state,

    async list(signal) {
      const names = (await declaredTemplates()).filter(({ template }) => !template.includes('{name}'));
      const states = await Promise.all(names.map(name => look(name, signal).catch(skipUnreadable)));
      return states.flatMap(state => state ?? []);
    },

    async rollBack(name, to, signal) {
      const { state } = await find(name, signal);
      const { template } = foundOf(state);
      const version =
        to === undefined
          ? await versionBefore(state, signal)
          : await findVersion(coder, template, to, signal);
      const variables = await coder.listVariables(version.id, signal);
      await rollouts.round(
        state,
        async rollout => {
          if (version.archived) await coder.unarchive(version.id, signal);
          await coder.promote(template.id, version.id, signal);
          rollout.held = takenBack(rollout, variables);
          delete rollout.building;
          return undefined;
        },
        signal,
      );
      return look(state, signal);
    },

    async promote(name, signal) {
      const { state, rules } = await find(name, signal);
      foundOf(state);
      const { end } = await rollouts.round(
        state,
        rollout => {
          if (!rollout.building) {
            throw new RefusedError(
              'nothing-to-promote',
              `No version of ${name.template} waits for its promotion.`,
            );
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

/** What is wished for and a version with these variables does not have. */
function takenBack({ wishes }: Rollout, variables: readonly CoderVariable[]): Rollout['held'] {
  const given = new Map(variables.map(({ name, value }) => [name, value]));
  const values = Object.entries(wishes).map(([variable, { value }]) => [variable, value] as const);
  return Object.fromEntries(values.filter(([variable, value]) => !isSameImage(given.get(variable), value)));
}

async function findVersion(
  coder: V2Client,
  template: CoderTemplate,
  to: string,
  signal: AbortSignal,
): Promise<CoderVersion> {
  const byId = /^[0-9a-f-]{36}$/i.test(to) ? await coder.getVersion(to, signal) : undefined;
  const found = byId ?? (await coder.findVersion(template.id, to, signal));
  const isOfTemplate = found && (!found.template_id || found.template_id === template.id);
  if (isOfTemplate && found.job.status === 'succeeded') return found;
  const what = isOfTemplate ? 'version of that name whose import succeeded:' : 'version';
  throw new RefusedError('not-found', `The template ${template.name} has no ${what} ${to}.`);
}

function foundOf({ found, organization, template }: TemplateState): NonNullable<TemplateState['found']> {
  if (found) return found;
  const message = `Coder shows the bridge no template ${template} in the organization ${organization}.`;
  throw new RefusedError('not-found', message);
}
