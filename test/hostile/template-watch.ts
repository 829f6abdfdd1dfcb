import type { Version } from '../../infra/local/stand-ins/coder-v2/state.ts';
import type { Act } from './template-history.ts';
import { FEEDS, type Feed, sourceOf, TEMPLATES, type TemplateWorld, variablesOf } from './template-world.ts';

/** What happened, in its order. */
export type Happening =
  | { is: 'pushed'; feed: Feed; digest: string }
  /** Coder is asked something by the bridge. */
  | { is: 'asked'; method: string; path: string }
  /** A version became active; `chosen` are the variables that a person chose a value for. */
  | { is: 'active'; template: string; version: Version; by: 'bridge' | 'person'; chosen: readonly string[] }
  /** The bridge says that the image is imported. */
  | { is: 'said'; feed: Feed; digest: string };

export type Watch = ReturnType<typeof createWatch>;

/** Sees what happens in Coder, and lets people act there between any two calls of the bridge. */
export function createWatch(world: TemplateWorld, onAct: (isBetweenCalls: boolean) => void) {
  const { coder, cloud } = world;
  const { controls, requests } = coder;
  const happened: Happening[] = [];
  const leaks: string[] = [];
  /** People wait for the imports of these, and promote them then. */
  let pushes: { id: string; template: string; chosen: readonly string[] }[] = [];
  let ambushes: { calls: number; act: Act }[] = [];
  const known = new Map(TEMPLATES.map(template => [template, world.active(template).id]));
  const secrets = [cloud.registry.puller.password, cloud.registry.pusher.password, cloud.coder.token];
  let mayHavePromoted = false;
  let rollingBack: string | undefined;
  let acts = 0;
  let calls = 0;

  const { begin } = requests;
  requests.begin = request => {
    const text = `${request.url} ${request.body}`;
    if (secrets.some(secret => text.includes(secret))) leaks.push(text);
    calls += 1;
    sync();
    for (const ambush of ambushes) ambush.calls -= 1;
    const due = ambushes.filter(({ calls: left }) => left === 0);
    ambushes = ambushes.filter(({ calls: left }) => left > 0);
    for (const { act } of due) carryOut(act, true);
    const { method } = request;
    happened.push({ is: 'asked', method, path: request.url.pathname });
    if (method === 'PATCH') mayHavePromoted = true;
    return begin(request);
  };

  /** Notes what the bridge made active, and lets people promote what has been imported. */
  function sync(): void {
    if (mayHavePromoted) {
      mayHavePromoted = requests.underWay() > 0;
      for (const template of TEMPLATES) {
        const version = world.active(template);
        if (version.id === known.get(template)) continue;
        const isRollback = rollingBack === template;
        note(template, version, isRollback ? 'person' : 'bridge', isRollback ? variables(template) : []);
      }
    }
    if (pushes.length === 0) return;
    const { versions } = coder.state();
    const statusOf = (id: string) => versions.find(version => version.id === id)?.job.status;
    const done = pushes.filter(({ id }) => statusOf(id) === 'succeeded');
    pushes = pushes.filter(({ id }) => !['succeeded', 'failed', 'canceled'].includes(statusOf(id) ?? ''));
    for (const { id, template, chosen } of done) promote(template, id, chosen);
  }

  function promote(template: string, id: string, chosen: readonly string[]): void {
    controls.promote(template, id);
    note(template, world.active(template), 'person', chosen);
  }

  function note(template: string, version: Version, by: 'bridge' | 'person', chosen: readonly string[]) {
    known.set(template, version.id);
    happened.push({ is: 'active', template, version, by, chosen });
  }

  function carryOut({ template, act, which }: Act, isBetweenCalls: boolean): void {
    onAct(isBetweenCalls);
    acts += 1;
    cloud.clock.advance(2);
    sync();
    const active = world.active(template);
    if (act === 'older') {
      const usable = world
        .versions(template)
        .filter(({ id, job, archived }) => job.status === 'succeeded' && !archived && id !== active.id)
        .filter(({ id }) => !pushes.some(push => push.id === id));
      const older = usable[which % Math.max(usable.length, 1)];
      if (older) promote(template, older.id, variables(template));
      return;
    }
    const named = variables(template);
    const variable = act === 'namespace' ? act : (named[which % named.length] as string);
    const { id } = controls.pushTemplate(
      act === 'source'
        ? { template, files: sourceOf(`of person ${acts}`), activate: false }
        : {
            ...{ template, activate: false },
            variables: { ...variablesOf(active), [variable]: `of-person:${acts}` },
          },
    );
    pushes.push({ id, template, chosen: act === 'image' ? [variable] : [] });
  }

  return {
    ...{ happened, leaks, sync },
    calls: () => calls,
    act: (act: Act) => carryOut(act, false),
    ambush: (calls: number, act: Act) => void ambushes.push({ calls, act }),
    forget(): void {
      ambushes = [];
    },
    isPersonWaiting: () => pushes.length > 0,
    pushed: (feed: Feed, digest: string) => void happened.push({ is: 'pushed', feed, digest }),
    /** A person asks the bridge to go back. */
    async rollBack(template: string, ask: () => Promise<unknown>): Promise<void> {
      rollingBack = template;
      await ask();
      sync();
      rollingBack = undefined;
    },
    /** The log of an instance. */
    log: {
      info(text: string, fields: Record<string, unknown>) {
        const feed = FEEDS.find(
          ({ registry, repository }) => registry === fields.registry && repository === fields.repository,
        );
        if (text === 'import' && fields.state === 'imported' && feed)
          happened.push({ is: 'said', feed, digest: String(fields.digest) });
      },
      warn() {},
      error() {},
    },
  };
}

/** Variables of a template that images are for. */
export function variables(template: string): string[] {
  return FEEDS.filter(feed => feed.template === template).map(({ variable }) => variable);
}
