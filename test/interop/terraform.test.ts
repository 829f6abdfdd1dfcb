import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composeCatalog } from '../../shared/coder/v2/catalog/compose.ts';
import { type CatalogEntry, formatCatalog } from '../../shared/coder/v2/catalog/value.ts';
import { entriesOf, histories, live, newWorld } from '../support/catalog-history.ts';
import { SAMPLE } from '../support/coder-v2.ts';

const HAS_TERRAFORM = spawnSync('terraform', ['version']).status === 0;
/** What the sample template makes of the list. */
const ASKED =
  'jsonencode({ ids = local.images[*].id, names = local.images[*].name, image_of = local.image_of })';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'terraform-'));
  const source = await readFile(SAMPLE, 'utf8');
  const parts = [/^variable "images" \{[\s\S]*?^\}/m, /^ {2}images += .*$/m, /^ {2}image_of = .*$/m];
  const [variable, ...locals] = parts.map(part => part.exec(source)?.[0]);
  await writeFile(join(folder, 'main.tf'), `${variable}\nlocals {\n${locals.join('\n')}\n}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As a provisioner hands the value on: in one argument. */
function read(text: string): Promise<{ ids: string[]; names: string[]; image_of: Record<string, string> }> {
  return new Promise((resolve, reject) => {
    const args = ['console', '-no-color', '-var', `images=${text}`];
    const child = execFile('terraform', args, { cwd: folder }, (error, stdout) => {
      if (error) return reject(error);
      resolve(JSON.parse(JSON.parse(stdout)));
    });
    child.stdin?.end(`${ASKED}\n`);
  });
}

async function expectRead(text: string): Promise<void> {
  const entries = JSON.parse(text) as CatalogEntry[];
  const found = await read(text);
  expect(found.ids).toEqual(entries.map(({ id }) => id));
  expect(found.names).toEqual(entries.map(({ name }) => name));
  expect(found.image_of).toEqual(Object.fromEntries(entries.map(({ id, image }) => [id, image])));
}

test('Terraform reads every catalog as the sample template does', async ({ skip }) => {
  skip(!HAS_TERRAFORM, 'There is no terraform on the PATH.');
  const values = fc.sample(histories, { numRuns: 10, seed: 1 }).map(steps => {
    const world = newWorld();
    [...steps, { do: 'build' as const }].forEach((step, i) => void live(world, step, i));
    return world.text;
  });

  for (const text of values) await expectRead(text);

  expect(values.some(text => text.includes('"kept":true'))).toBe(true);
}, 120_000);

test('Terraform reads the largest catalog, from one argument', async ({ skip }) => {
  skip(!HAS_TERRAFORM, 'There is no terraform on the PATH.');
  const world = newWorld();
  for (let i = 0; i < 60; i += 1)
    live(world, { do: 'push', at: i % 3, tag: Math.floor(i / 3), content: i }, i);
  for (const group of Object.values(world.catalog))
    for (const wish of group) wish.description = 'ü"\\'.repeat(60);
  const entries = composeCatalog({ catalog: world.catalog, held: [], shown: entriesOf(world) }, () => false);

  await expectRead(formatCatalog(entries));

  expect(Buffer.byteLength(formatCatalog(entries))).toBeGreaterThan(30_000);
});
