import { ConflictError, RefusedError } from '../../errors.ts';
import type { TemplateName } from './advance.ts';
import type { V2Client } from './client.ts';
import { type Declared, declaredDestinations } from './destinations.ts';
import type { Rollout } from './rollout.ts';
import type { Rollouts } from './rollouts.ts';
import type { CoderTemplate, CoderVariable, CoderVersion } from './schema.ts';
import { VERSION_PREFIX } from './version-name.ts';

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
  /** Those that the registries' rules name; a name with `{name}` in it is not listed. */
  list(signal: AbortSignal): Promise<TemplateState[]>;
  get(name: TemplateName, signal: AbortSignal): Promise<TemplateState>;
  /** Versions of the bridge's own, the latest first. */
  versions(template: CoderTemplate, signal: AbortSignal): Promise<CoderVersion[]>;
  /**
   * Promotes the version before the active one, or the one with this id or name, and holds what it takes back until
   * another digest is pushed.
   * @throws RefusedError `not-found`
   */
  rollBack(name: TemplateName, to: string | undefined, signal: AbortSignal): Promise<TemplateState>;
  /**
   * Promotes what is built and verified and waits for a person.
   * @throws RefusedError `nothing-to-promote`
   */
  promote(name: TemplateName, signal: AbortSignal): Promise<TemplateState>;
}

export interface TemplatesOptions {
  coder: V2Client;
  rollouts: Rollouts;
  /** Organization of destinations that name none. */
  organization: string;
  registries(): AsyncIterable<Declared>;
}

export function createTemplates({ coder, rollouts, organization, registries }: TemplatesOptions): Templates {
  async function get(name: TemplateName, signal: AbortSignal): Promise<TemplateState> {
    const [rollout, template] = await Promise.all([
      rollouts.read(name),
      coder.findTemplate(name.organization, name.template, signal),
    ]);
    if (!template) return { ...name, rollout, found: undefined, outdated: undefined };
    const [active, variables, outdated] = await Promise.all([
      coder.getVersion(template.active_version_id, signal),
      coder.listVariables(template.active_version_id, signal),
      coder.countWorkspaces(`template:${name.template} outdated:true`, signal).catch(() => undefined),
    ]);
    return { ...name, rollout, found: { template, active, variables }, outdated };
  }

  async function versions(template: CoderTemplate, signal: AbortSignal): Promise<CoderVersion[]> {
    const { id: me } = await coder.me(signal);
    const all = await coder.listVersions(template.id, signal);
    return all
      .filter(({ created_by, name }) => created_by.id === me && name.startsWith(VERSION_PREFIX))
      .sort((a, b) => b.created_at.getTime() - a.created_at.getTime());
  }

  async function versionBefore(state: TemplateState, signal: AbortSignal): Promise<CoderVersion> {
    const { template, active } = foundOf(state);
    const ours = await versions(template, signal);
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
    get,
    versions,

    async list(signal) {
      const names = new Map<string, TemplateName>();
      for await (const registry of registries()) {
        for (const { destination } of declaredDestinations(registry)) {
          if (destination.template.includes('{name}')) continue;
          const name = {
            organization: destination.organization ?? organization,
            template: destination.template,
          };
          names.set(`${name.organization}/${name.template}`, name);
        }
      }
      return Promise.all([...names.values()].map(name => get(name, signal)));
    },

    async rollBack(name, to, signal) {
      const state = await get(name, signal);
      const { template } = foundOf(state);
      const version =
        to === undefined
          ? await versionBefore(state, signal)
          : await findVersion(coder, template, to, signal);
      await rollouts.round(
        name,
        async rollout => {
          if (version.archived) await coder.unarchive(version.id, signal);
          rollout.held = Object.fromEntries(
            Object.entries(rollout.wishes).map(([variable, { value }]) => [variable, value]),
          );
          delete rollout.building;
          await coder.promote(template.id, version.id, signal);
          return undefined;
        },
        signal,
      );
      return get(name, signal);
    },

    async promote(name, signal) {
      const { end } = await rollouts.round(
        name,
        rollout => {
          if (!rollout.building) {
            throw new RefusedError(
              'nothing-to-promote',
              `No version of ${name.template} waits for its promotion.`,
            );
          }
          rollout.building.isApproved = true;
          return {};
        },
        signal,
      );
      if (end?.do === 'wait') throw new ConflictError('The version is still being built.');
      return get(name, signal);
    },
  };
}

async function findVersion(
  coder: V2Client,
  template: CoderTemplate,
  to: string,
  signal: AbortSignal,
): Promise<CoderVersion> {
  const byId = /^[0-9a-f-]{36}$/i.test(to) ? await coder.getVersion(to, signal) : undefined;
  const found = byId ?? (await coder.findVersion(template.id, to, signal));
  if (found && (!found.template_id || found.template_id === template.id)) return found;
  throw new RefusedError('not-found', `The template ${template.name} has no version ${to}.`);
}

function foundOf({ found, organization, template }: TemplateState): NonNullable<TemplateState['found']> {
  if (found) return found;
  const message = `Coder shows the bridge no template ${template} in the organization ${organization}.`;
  throw new RefusedError('not-found', message);
}
