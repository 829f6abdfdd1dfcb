import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, startApp } from '../../support/app.ts';
import { runCommand } from '../../support/command.ts';

let app: App;

beforeAll(async () => {
  app = await startApp({ coderGeneration: 'classic' });
  const { resourceId } = app.environment.cloud.registry;
  const credential = { kind: 'entra-identity', graceMinutes: 0 };
  expect((await app.api('PUT', 'registries/contoso', { resourceId, credential })).status).toBe(201);
});
afterAll(() => app.close());

test('a dry run shows the steps; a rotation ends when Coder has the new credential', async () => {
  const planned = await runCommand(app, ['rotate', 'contoso', '--dry-run']);
  const rotated = await runCommand(app, ['rotate', 'contoso']);

  expect(planned).toMatchObject({ code: 0, stdout: expect.stringContaining('issue a new one') });
  expect(rotated).toMatchObject({ code: 0, stdout: expect.stringMatching(/^rotated contoso: (?!rotated)/) });
});
