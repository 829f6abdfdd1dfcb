import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { handleEvent } from '../../../shared/images/receive.ts';
import { sweep } from '../../../shared/images/sweep.ts';
import { createLog } from '../../../shared/lib/log.ts';
import { REASONS, STATES } from '../../../shared/reasons.ts';
import { reconcile } from '../../../shared/reconciliation/reconcile.ts';
import { rotateDue } from '../../../shared/rotation/timer.ts';
import { startTokenWorld } from '../../shared/coder/v2/session-token/world.ts';
import { type RotationWorld, startRotationWorld } from '../../shared/rotation/world.ts';
import { pushEvent } from '../../support/bridge.ts';
import { damageRow } from '../../support/damage.ts';
import { marked, readText, rowsOf } from '../../support/docs.ts';
import { parseQuery } from './kusto.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const readQuery = (file: string) => read('infra', 'azure', 'queries', file);
const bicep = ['alerts.bicep', 'workbook.bicep'].map(file => read('infra', 'azure', file)).join('\n');

/** What comes before each query, as the Bicep files put it there. */
const ENTRIES = readQuery('entries.kql');
const CHOSEN = ENTRIES + readQuery('workbook/chosen.kql');
const PREFIXES = new Set(['entries.kql', 'workbook/chosen.kql']);

/** What a workbook puts in the place of its parameters. */
const PARAMETERS: Record<string, string> = {
  '{appInsightsId}': '/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/c',
  '{Registry}': "'*'",
  '{TimeRange:grain}': '1h',
  '{TimeRange:start}': 'ago(1d)',
  '{TimeRange:end}': 'now()',
};

const files = readdirSync(join(root, 'infra', 'azure', 'queries'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.kql'))
  .map(name => name.replaceAll('\\', '/'));

const QUERIES = files
  .filter(file => !PREFIXES.has(file))
  .map(file => {
    const own = readQuery(file);
    const prefix = /^chosen$/m.test(own) ? CHOSEN : ENTRIES;
    const query = Object.entries(PARAMETERS).reduce(
      (text, [name, value]) => text.replaceAll(name, value),
      prefix + own,
    );
    return { file, own, query };
  });

type Entry = Record<string, unknown> & { text: string };

/** Entries of the log, as they arrive in Application Insights. */
const entries: Entry[] = [];
const collect = (line: string) => void entries.push(JSON.parse(line));
const log = createLog({ info: collect, warn: collect, error: collect });
const seen = (text: string) => entries.filter(entry => entry.text === text);

let world: RotationWorld;

beforeAll(async () => {
  world = await startRotationWorld();
  await letHappen(world);
  await letTokensEnd();
});
afterAll(() => world.close());

/** A session token of Coder v2 that is renewed, and one that the bridge may not renew. */
async function letTokensEnd(): Promise<void> {
  const { bridge, use, newInstance } = await startTokenWorld();
  const instance = newInstance();
  for (const scopes of [['coder:all'], ['user:read', 'api_key:read']]) {
    use({ lifetimeSeconds: 86_400, scopes });
    bridge.cloud.clock.advance(23 * 3_600_000);
    for (const _ of [1, 2, 3]) {
      await instance.tokenRenewal?.run(log);
      bridge.cloud.clock.advance(900_000);
    }
  }
  await bridge.close();
}

/** One of everything that a query looks for. */
async function letHappen({ bridge, newInstance, add, untilQuiet, request }: RotationWorld): Promise<void> {
  const { clock, registry, standIns } = bridge.cloud;
  const services = newInstance();
  const signal = AbortSignal.timeout(60_000);
  const pushed = async (tag: string) => {
    await bridge.push(`team/app:${tag}`, image({ content: tag }));
    await handleEvent(services, pushEvent(registry.resourceId, `team/app:${tag}`, clock.now()), log);
  };
  await add('token');
  await untilQuiet();

  await pushed('arrives');
  standIns.coder.faults.add({ method: 'POST', status: 400, times: 1 });
  await pushed('fails');
  standIns.coder.faults.add({ method: 'POST', status: 503, times: 1 });
  await pushed('waits');
  await sweep(services, signal, log);
  await bridge.push('team/app:unheard-of', image({ content: 'unheard of' }));
  await services.reports.start(registry.name, false);
  await reconcile(services, registry.name, signal, log);
  await damageRow(bridge, ['images', registry.name, 'team|app:arrives'], { version: 99 });
  await services.reports.start(registry.name, false);
  await reconcile(services, registry.name, signal, log);
  standIns.registry.faults.add({ path: '/acr/v1/_catalog', status: 403, times: 1 });
  await services.reports.start(registry.name, false);
  await reconcile(services, registry.name, signal, log);

  const runs = async (times: number) => {
    for (let i = 0; i < times; i += 1) {
      await rotateDue(services, signal, log);
      clock.advance(120_000);
    }
  };
  await request();
  await runs(2);
  clock.advance(3_600_000);
  await runs(2);
  await request();
  standIns.coder.faults.add({ method: 'POST', path: '/tags/update$', status: 400, times: 1 });
  await runs(2);
}

test('every query is deployed, and every query that is deployed exists', () => {
  const loaded = [...bicep.matchAll(/loadTextContent\('queries\/(.+?)'\)/g)].map(([, file]) => file);

  expect([...new Set(loaded)].sort()).toEqual([...files].sort());
});

describe.each(QUERIES)('the query $file', ({ own, query }) => {
  const { problems, columns, fields } = parseQuery(query);
  const compared = comparisons(own);
  const texts = compared.filter(({ name }) => name === 'text').map(({ literal }) => literal);

  test('is understood by the parser of Log Analytics', () => {
    expect(problems).toEqual([]);
    expect(columns.length).toBeGreaterThan(0);
  });

  test('looks for entries that the bridge logs, and reads fields that they have', () => {
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(seen(text), `entries "${text}"`).not.toEqual([]);

    const lacking = fields
      .filter(path => own.includes(`entry.${path}`))
      .filter(path => !texts.some(text => seen(text).some(entry => valueAt(entry, path) !== undefined)));
    expect(lacking).toEqual([]);
  });

  test('compares with words that the bridge uses', () => {
    const words: Record<string, readonly unknown[]> = {
      text: entries.map(({ text }) => text),
      state: STATES,
      reason: Object.keys(REASONS),
      outcome: seen('rotation').map(({ outcome }) => outcome),
    };

    for (const { name, literal } of compared) expect(words[name], name).toContain(literal);
    const literals = [...own.matchAll(/'([^']*)'/g)]
      .map(([, literal]) => literal)
      .filter(text => text !== ':');
    expect(literals).toEqual(compared.map(({ literal }) => literal));
  });
});

/** What a query compares with which words. */
function comparisons(query: string): { name: string; literal: string }[] {
  const found = query.matchAll(/(\w+)\)? (?:==|!=|in|!in) (\([^)]*\)|'[^']*')/g);
  return [...found].flatMap(([, name = '', words = '']) =>
    [...words.matchAll(/'([^']*)'/g)].map(([, literal = '']) => ({ name, literal })),
  );
}

function valueAt(entry: Entry, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as Entry | undefined)?.[name], entry);
}

test('alerts are told apart by columns that their queries have', () => {
  const rules = [...bicep.matchAll(/loadTextContent\('queries\/(alerts\/.+?)'\)[^}]*?splitBy: \[(.*?)\]/g)];
  expect(rules.map(([, file]) => file).sort()).toEqual(
    files.filter(file => file.startsWith('alerts/')).sort(),
  );

  for (const [, file, splitBy = ''] of rules) {
    const { query = '' } = QUERIES.find(known => known.file === file) ?? {};
    expect(parseQuery(query).columns, file).toEqual(
      expect.arrayContaining([...splitBy.matchAll(/'(\w+)'/g)].map(([, column]) => column)),
    );
  }
});

describe('the docs', () => {
  const page = 'docs/operate-and-monitor.md';
  const rows = (name: string) => rowsOf(marked(page, name));

  test('list every entry of the log with its fields', () => {
    const fieldsOf = new Map(
      rows('log-entries').map(([text = '', , fields = '']) => [
        text.replaceAll('`', ''),
        [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => field),
      ]),
    );
    const sources = ['shared', 'functions'].flatMap(folder =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter(name => name.endsWith('.ts'))
        .map(name => read(folder, name)),
    );
    const logged = sources
      .flatMap(source => [...source.matchAll(/(?:log|createLog\(\w+\))\.(?:info|warn|error)\(\s*'([^']+)'/g)])
      .map(([, text]) => text);

    expect([...fieldsOf.keys()].sort()).toEqual([...new Set(logged)].sort());
    for (const { text, ...fields } of entries) {
      expect(fieldsOf.get(text), text).toEqual(expect.arrayContaining(Object.keys(fields)));
    }
  });

  test('list every alert', () => {
    const rules = [...bicep.matchAll(/name: '(.+)'\n +title:/g)].map(([, name]) => `\`${name}\``);

    expect(rows('alerts').map(([name]) => name)).toEqual([...rules, '`dead-letters-…`']);
  });

  test('have queries that Log Analytics understands', () => {
    const queries = [...readText(page).matchAll(/```kusto\n(.*?)```/gs)].map(([, query = '']) => query);

    expect(queries.length).toBeGreaterThan(0);
    expect(queries.flatMap(query => parseQuery(query).problems)).toEqual([]);
  });
});

test('no line on which an alert hangs is sampled away', () => {
  const { logging } = JSON.parse(read('host.json'));

  expect(logging.applicationInsights.samplingSettings.excludedTypes.split(';')).toContain('Trace');
});
