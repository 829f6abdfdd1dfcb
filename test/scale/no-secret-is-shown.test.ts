import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import { FORMS } from '../../infra/local/quotes.ts';
import { addSampleRegistry } from '../../infra/local/sample.ts';
import { type App, startApp } from '../support/app.ts';
import { pushEvent } from '../support/bridge.ts';
import { shownIn } from '../support/shown-secrets.ts';

// Whatever a service quotes of what it was sent, in whatever form, on whatever route.

const GENERATIONS = ['classic', 'v2'] as const;
const STATUSES = [400, 403, 401, 409, 404, 500, 307];
/** How often each route quotes, each time with another status and in another form: all of them in 98 times. */
const TIMES = Number(process.env.QUOTES ?? 1);

/** A route of a service, as the app used it, and what made the app use it. */
interface Route {
  service: string;
  method: string;
  path: string;
  deed: string;
}

describe.each(GENERATIONS)('with Coder %s', generation => {
  let app: App;
  let rules: object[];
  let count = 0;
  const routes = new Map<string, Route>();
  /** What the tables held after each deed. */
  const tables: string[] = [];

  beforeAll(async () => {
    app = await startApp({
      coderGeneration: generation,
      registries: ['fabrikam'],
      coderAudience: 'api://coder',
      subscribed: false,
    });
    await addSampleRegistry(app.environment);
    await prepare();
    await DEEDS['push an image']?.();
    rules = JSON.parse((await app.api('GET', 'registries/contoso')).text).policy?.rules ?? [];
  });
  afterEach(() => app.clearFaults());
  afterAll(() => app.close());

  const standIns = () => Object.entries(app.environment.cloud.standIns);

  /** What people and Azure do with the bridge; each can be done again and again. */
  const DEEDS: Record<string, () => Promise<unknown>> = {
    async 'declare a registry'() {
      const { registry } = app.environment.cloud;
      const { username, password } = registry.puller;
      const credential = { kind: 'static', username, password };
      const declared = { resourceId: registry.resourceId, credential, policy: { rules } };
      count += 1;
      await app.api('PUT', 'registries/contoso', { ...declared, reconcileEveryMinutes: 100 + count });
    },
    async 'add a registry and remove it'() {
      const [fabrikam] = app.environment.cloud.otherRegistries;
      const { username, password } = app.environment.cloud.registry.puller;
      const credential = { kind: 'static', username, password };
      await app.api('PUT', 'registries/fabrikam', { resourceId: fabrikam?.resourceId, credential });
      await app.api('DELETE', 'registries/fabrikam');
    },
    async 'ask why nothing arrives'() {
      await app.api('GET', 'registries/contoso/diagnostics');
    },
    async 'push an image'() {
      const reference = 'samples/workspace:v1';
      const { resourceId } = app.environment.cloud.registry;
      await app.deliver(JSON.stringify([pushEvent(resourceId, reference, new Date())]));
      await app.api('GET', `images/contoso/${reference}`);
    },
    async 'import an image by hand'() {
      const wanted = { registry: 'contoso', repository: 'samples/workspace', tag: 'v1' };
      await app.api('POST', 'images?dryRun=true', wanted);
      await app.api('POST', 'images', wanted);
      await app.api('POST', 'images/contoso/samples/workspace:v1/replay');
    },
    async 'look at templates'() {
      await app.api('GET', 'templates');
    },
    async 'read what is known'() {
      await app.api('GET', 'registries/contoso/setup');
      await app.api('GET', 'registries/contoso');
      await app.api('GET', 'images');
    },
  };

  /** Puts another image under the tag, so that there is something to import. */
  async function prepare(): Promise<void> {
    count += 1;
    await app.push('samples/workspace:v1', image({ content: `number ${count}` }));
  }

  test('every deed uses the routes of the services', async () => {
    for (const [deed, carryOut] of Object.entries(DEEDS)) {
      await prepare();
      for (const [, { requests }] of standIns()) requests.clear();
      await carryOut();
      for (const [service, { requests }] of standIns()) {
        for (const { method, path } of requests.all()) {
          const pattern = patternOf(path);
          const key = `${service} ${method} ${pattern}`;
          if (!routes.has(key)) routes.set(key, { service, method, path: pattern, deed });
        }
      }
    }
    expect(routes.size).toBeGreaterThan(generation === 'v2' ? 30 : 25);
  });

  test('nothing that a service quotes is in a table, a log, an event or an answer', async () => {
    const forms = Object.keys(FORMS);
    let turn = 0;
    for (const { service, method, path, deed } of routes.values()) {
      for (let i = 0; i < TIMES; i += 1) {
        await prepare();
        const quotes = forms[turn % forms.length] as string;
        const status = STATUSES[turn % STATUSES.length];
        turn += 1;
        const standIn = app.environment.cloud.standIns[service as 'coder'];
        standIn.faults.add({ method, path, status, quotes });
        await DEEDS[deed]?.();
        app.clearFaults();
        tables.push(JSON.stringify(await app.environment.cloud.standIns.tables.dump()));
      }
    }

    await expectNothingShown();
  }, 120_000);

  async function expectNothingShown(): Promise<void> {
    const { secrets, standIns } = app.environment.cloud;
    const places = {
      logs: app.logs.join('\n'),
      tables: tables.join('\n'),
      answers: app.answers.join('\n'),
      events: JSON.stringify(standIns.topic.published()),
      requests: JSON.stringify(Object.values(standIns).map(({ requests }) => requests.all())),
    };
    expect(secrets.all().length).toBeGreaterThan(20);
    for (const [place, text] of Object.entries(places)) {
      expect(text.length, `${place} holds something to search`).toBeGreaterThan(100);
      expect(shownIn(text, secrets.all()), `secrets in ${place}`).toEqual([]);
    }
    for (const place of ['tables', 'logs', 'answers'] as const) expect(places[place]).toContain('refused: ');
  }
});

/** A regular expression for the path, without what differs from one request to the next. */
function patternOf(path: string): string {
  const [plain = ''] = decodeURIComponent(path).split('?');
  return `^${plain
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}|2[0-9T:-]{18}\\\.\d+Z/g, '[^/]+')}$`;
}
