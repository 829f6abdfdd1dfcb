import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClassicRegistry, migrate } from '../../infra/migration.ts';
import { declaredDestinations, refuseSeveralRepositories } from '../../shared/coder/v2/destinations.ts';
import { RegistryInput } from '../../shared/records/registry.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const resourceId =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/coder/providers/Microsoft.ContainerRegistry/registries/contoso';

const CLASSIC = {
  name: 'contoso',
  resourceId,
  loginServer: 'contoso.azurecr.io',
  organizationId: 'default',
  credential: { kind: 'token', rotateEveryHours: 720 },
  rotation: { stage: 'issuing' },
  policy: {
    rules: [
      { repository: 'secret/**', action: 'exclude', onDelete: 'remove' },
      { repository: 'team/my_app', tag: { semver: '>=1' }, defaultTag: 'highest-semver', onDelete: 'remove' },
      {
        repository: 'dev/*',
        defaults: { cpuCores: 4, description: 'Development' },
        platforms: ['linux/amd64'],
      },
      { repository: 'old/base', defaultTag: 'never', pinned: true },
      { repository: 'new/base', defaultTag: 'newest', suspended: true },
    ],
  },
  pinned: true,
};

function run(text: string, ...args: string[]) {
  const program = ['--import', 'tsx', join(ROOT, 'infra', 'migrate.ts'), ...args];
  return spawnSync(process.execPath, program, { input: text, encoding: 'utf8', cwd: ROOT });
}

test('the program prints a declaration that a bridge for Coder v2 takes, and says what is otherwise', () => {
  const { stdout, stderr, status } = run(JSON.stringify(CLASSIC), '-');

  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    resourceId,
    credential: { kind: 'managed-identity' },
    pinned: true,
    templates: [{ template: '{name}' }],
    policy: {
      rules: [
        { repository: 'secret/**', action: 'exclude', onDelete: 'remove' },
        {
          repository: 'team/my_app',
          tag: { semver: '>=1' },
          defaultTag: 'highest-semver',
          onDelete: 'remove',
        },
        { repository: 'dev/*', platforms: ['linux/amd64'] },
        { repository: 'old/base', defaultTag: 'never', pinned: true },
        { repository: 'new/base', defaultTag: 'newest', suspended: true },
      ],
    },
  });
  expect(RegistryInput.safeParse(JSON.parse(stdout)).success).toBe(true);
  expect(
    stderr
      .trim()
      .split('\n')
      .map(note => note.replace(/(:.*?[.;]).*/, '$1')),
  ).toEqual([
    '- templates: Coder needs a template for each repository, with the last part of its name.',
    '- credential: token is managed-identity now, since in Coder v2 the nodes pull, with an identity that has AcrPull.',
    '- organizationId: left out.',
    '- pinned: the bridge builds each version, and a person promotes it.',
    '- templates: the template of my_app has dashes for dots and underscores.',
    '- templates: several repositories end in base.',
    '- policy.rules[1].onDelete: the template names the next best tag, and keeps its last image.',
    '- policy.rules[2].defaults: cpuCores, description left out, since in Coder v2 the template itself says this.',
    '- policy.rules[2].defaultTag: none meant the first tag;',
    '- policy.rules[3].defaultTag: never now means the first tag, since a template always names an image.',
    '- policy.rules[3].pinned: the bridge builds each version, and a person promotes it.',
  ]);
});

test('with --catalog people choose among the tags of each repository, with the descriptions of the rules', () => {
  const { stdout, stderr, status } = run(JSON.stringify(CLASSIC), '--catalog', '-');

  expect(status).toBe(0);
  const declaration = RegistryInput.parse(JSON.parse(stdout));
  expect(declaration.templates).toEqual([{ template: '{name}', as: 'catalog' }]);
  expect(declaration.policy.rules[2]).toMatchObject({ defaults: { description: 'Development' } });
  expect(declaration.policy.rules[2]?.defaults).not.toHaveProperty('cpuCores');
  expect(stderr).toContain('policy.rules[2].defaults: cpuCores left out');
  expect(stderr).not.toContain('keeps its last image');
});

test.each([
  ['its policy', CLASSIC.policy],
  ['its rules', CLASSIC.policy.rules],
])('only %s will do', (_, value) => {
  const { declaration } = migrate(ClassicRegistry.parse(value));

  expect(declaration).toMatchObject({ resourceId: undefined, policy: { rules: { length: 5 } } });
});

test.each([
  ['no JSON', '{', 'This is not JSON'],
  ['something else', '{"reason":"not-found"}', 'no registry of a bridge for Coder Classic'],
  ['a rule with a mistake', '[{"repository":"Team/App"}]', 'policy.rules[0].repository'],
])('of %s it says what is wrong', (_, text, message) => {
  const { stdout, stderr, status } = run(text, '-');

  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(message);
});

test('no rules for whatever repositories give a declaration that sends several to one variable', () => {
  const repository = fc.constantFrom('a', 'team/app', 'team/*', '**', 'x/{a,b}', 'a/b_c');
  const rule = fc.record(
    {
      repository,
      action: fc.constantFrom('import', 'exclude'),
      pinned: fc.boolean(),
      defaultTag: fc.constantFrom('first', 'newest', 'highest-semver', 'never'),
      defaults: fc.constant({ memoryGb: 2 }),
    },
    { requiredKeys: ['repository'] },
  );
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 5 }), rules => {
      const { declaration } = migrate(ClassicRegistry.parse({ ...CLASSIC, policy: { rules } }));
      const declared = RegistryInput.parse(JSON.parse(JSON.stringify(declaration)));

      expect(declaredDestinations(declared).flatMap(found => refuseSeveralRepositories(found) ?? [])).toEqual(
        [],
      );
      expect(JSON.stringify(declared)).not.toMatch(/defaults|organizationId/);
    }),
  );
});
