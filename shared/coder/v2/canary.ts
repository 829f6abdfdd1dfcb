import { ServiceError } from '../../errors.ts';
import { shorten } from '../../lib/shorten.ts';
import { lastWords } from './canary-words.ts';
import { offers } from './catalog/usage.ts';
import { CANARY_MINUTES, CANARY_PREFIX } from './decide-canary.ts';
import type { CanaryFact, CanaryStep } from './facts.ts';
import { canaryKey, hold } from './held.ts';
import { isEnding, isLeft, listCanaries } from './left-canaries.ts';
import { type Building, changedBy, type Rollout } from './rollout.ts';
import { type Round, templateOf } from './round.ts';
import type { CoderWorkspace } from './schema.ts';
import { statusOf } from './status-of.ts';

/** Coder stops a lost canary so much after its timeout. */
const SPARE_MS = 10 * 60_000;
const LONGEST_MESSAGE = 1_000;
/** Canaries that a person was to look at, of which the bridge remembers the names. */
const MOST_KEPT = 20;

/** @throws ServiceError */
export async function takeCanaryStep(round: Round, step: CanaryStep): Promise<void> {
  const { rollout, facts, options, signal } = round;
  const building = rollout.building as Building;
  switch (step.do) {
    case 'read-canary': {
      const found = await options.coder.findOwnWorkspace(step.name, signal);
      facts.canary = found ? toCanaryFact(found) : null;
      // It was kept for people, who deleted it.
      if (!found) rollout.keptCanaries = rollout.keptCanaries.filter(name => name !== step.name);
      return;
    }
    case 'note-canary':
      building.canary = step.canary;
      return;
    case 'start-canary':
      await startCanary(round, step.name);
      if (building.canary) building.canary.starts += 1;
      return;
    case 'judge-canary': {
      const words = await lastWords(options.coder, step.agents ?? [], signal);
      judge(round, step.isReady, [step.message, words].join(' ').trim());
      return;
    }
    case 'delete-canary':
      await deleteCanary(round, step.canary);
      delete facts.canary;
      return;
  }
}

function judge({ rollout, options }: Round, isReady: boolean, said: string): void {
  const message = shorten(said, LONGEST_MESSAGE);
  const canary = rollout.building?.canary;
  if (canary) canary.verdict = { isReady, message, on: options.now() };
}

async function startCanary(round: Round, name: string): Promise<void> {
  const { options, facts, signal } = round;
  const { coder, canary: rule = {} } = options;
  const versionId = facts.ours?.id as string;
  const { parameters = {}, preset, timeoutMinutes = CANARY_MINUTES } = rule;
  try {
    const presets = preset === undefined ? [] : await coder.listPresets(versionId, signal);
    const presetId = presets.find(({ Name }) => Name === preset)?.ID;
    if (preset !== undefined && !presetId) throw refused(`The template has no preset ${preset}.`);
    const chosen = { ...(await chosenImages(round, versionId)), ...parameters };
    await coder.createWorkspace(
      {
        ...{ name, template_version_id: versionId, automatic_updates: 'never' },
        rich_parameter_values: Object.entries(chosen).map(([key, value]) => ({ name: key, value })),
        ...(presetId && { template_version_preset_id: presetId }),
        ttl_ms: timeoutMinutes * 60_000 + SPARE_MS,
      },
      signal,
    );
  } catch (error) {
    // A person archived it meanwhile, which the next round finds.
    if (statusOf(error) === 500 && (await coder.getVersion(versionId, signal))?.archived) return;
    // What the template asks for and the policy does not give; nothing was made.
    if (!isRefusal(error)) throw error;
    judge(round, false, `Coder does not start a workspace. ${(error as Error).message}`);
  }
}

/** Values of the parameters that offer the images to try. */
async function chosenImages(
  { options: { coder }, rollout, signal }: Round,
  versionId: string,
): Promise<Record<string, string>> {
  const tries = Object.values(rollout.building?.canary?.tries ?? {});
  if (tries.length === 0) return {};
  const parameters = await coder.listParameters(versionId, signal);
  const chosen = tries.flatMap(({ id }) => parameters.filter(offers(id)).map(({ name }) => [name, id]));
  return Object.fromEntries(chosen);
}

function refused(message: string): ServiceError {
  return new ServiceError('coder-rejected', message);
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof ServiceError)) return false;
  if (statusOf(error) === 403) return /external authentication/i.test(error.message);
  return error.reason === 'coder-rejected' && [400, undefined].includes(statusOf(error));
}

/** Deletes only what has both the name and the owner of a canary. @throws ServiceError */
async function deleteCanary({ options, signal }: Round, { id, name, ownerId }: CanaryFact): Promise<void> {
  const me = await options.coder.me(signal);
  if (!name.startsWith(CANARY_PREFIX) || ownerId !== me.id) return;
  await options.coder.deleteWorkspace(id, signal);
}

/** Deletes what earlier rounds could not, such as after the row was damaged. @throws ServiceError */
export async function deleteLeftCanaries(round: Round): Promise<void> {
  const { options, facts, rollout, signal } = round;
  const { canary: rule, coder, now } = options;
  if (!rule || !facts.template) return;
  for (const workspace of await listCanaries(coder, signal)) {
    const isOfThis = workspace.template_id === templateOf(facts).id;
    if (isOfThis && isLeft(workspace, rollout, now())) await deleteCanary(round, toCanaryFact(workspace));
  }
}

/** A person pushes another digest, or replays the image, before it is built again. */
export function noteCanaryFailed(
  rollout: Rollout,
  building: Building,
  message: string,
  keeps: boolean,
): void {
  const { canary } = building;
  const suspects = changedBy(building);
  const kept = keeps && canary ? canary.name : undefined;
  if (kept) rollout.keptCanaries = [...rollout.keptCanaries, kept].slice(-MOST_KEPT);
  // Which of several it was shows when each is tried alone.
  if (Object.keys(suspects).length > 1) {
    rollout.suspects = suspects;
    return;
  }
  const where = kept ? ` The workspace ${kept} of the bridge's user is kept.` : '';
  for (const [name, value] of Object.entries(suspects)) {
    delete rollout.suspects[name];
    // Of a catalog one image was tried.
    const image = canary?.tries?.[name]?.image;
    hold(rollout, { [name]: image ?? value });
    rollout.canaryFailed[canaryKey(name, image)] = { value: image ?? value, message: `${message}${where}` };
  }
}

function toCanaryFact({ id, name, owner_id, created_at, latest_build }: CoderWorkspace): CanaryFact {
  const { transition, template_version_id, job, resources } = latest_build;
  // Agents of dev containers belong to another agent.
  const agents = (resources ?? []).flatMap(one => one.agents ?? []).filter(agent => !agent.parent_id);
  return {
    ...{ id, name, ownerId: owner_id, versionId: template_version_id, build: job.status },
    transition,
    createdOn: created_at,
    isDeleting: isEnding(latest_build),
    ...(job.error && { error: job.error }),
    agents: agents.map(agent => ({
      ...{ id: agent.id, name: agent.name, status: agent.status, lifecycle: agent.lifecycle_state },
      ...(agent.health?.reason && { reason: agent.health.reason }),
    })),
  };
}
