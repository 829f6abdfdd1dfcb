import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { DeclaredCredential } from '../../../shared/credentials/kinds/all.ts';
import { setupGuide } from '../../../shared/guide/guide.ts';
import { toMarkdown } from '../../../shared/guide/markdown.ts';
import { SetupGuide, type Step } from '../../../shared/guide/schema.ts';
import type { GuideContext } from '../../../shared/guide/values.ts';
import { Policy } from '../../../shared/policy/policy.ts';
import type { Registry } from '../../../shared/records/registry.ts';
import { bash, follow, optionsOf, readYaml, runsOf } from '../../support/follow-guide.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';
const idIn = (resourceGroup: string) =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerRegistry/registries/Contoso`;

const SCHEDULE = { rotateEveryHours: 720, graceMinutes: 60 };
const CREDENTIALS: Record<DeclaredCredential['kind'], DeclaredCredential> = {
  static: { kind: 'static', username: 'coder-pull' },
  'managed-identity': { kind: 'managed-identity' },
  admin: { kind: 'admin', ...SCHEDULE },
  'service-principal': {
    kind: 'service-principal',
    appId: '22222222-3333-4444-5555-666666666666',
    ...SCHEDULE,
  },
  'entra-identity': { kind: 'entra-identity', ...SCHEDULE },
  token: { kind: 'token', tokenName: 'coder-pull', ...SCHEDULE },
};
const KINDS = Object.keys(CREDENTIALS) as DeclaredCredential['kind'][];

/** What would end a quotation, or begin a command, in a shell or in Markdown. */
const AWKWARD = `it's "odd" $(exit 3) \`exit 4\` \${HOME} | ; & \\ \n\`\`\`\n# of`;

const SETTINGS = {
  ARM_AUDIENCE: 'https://management.azure.com',
  CODER_URL: 'https://coder.example.com',
  CODER_TOKEN_SECRET: 'coder-session-token',
  KEY_VAULT_URL: 'https://kv-bridge.vault.azure.net',
};
const context: GuideContext = {
  settings: { ...SETTINGS, CODER_GENERATION: 'classic' },
  clientId: '11111111-2222-3333-4444-555555555555',
  bridgeUrl: 'https://bridge.example.net',
};

function registryOf(kind: DeclaredCredential['kind'], more: Partial<Registry> = {}): Registry {
  const at = new Date(0);
  return {
    ...{ name: 'contoso', resourceId: idIn('coder'), loginServer: 'contoso-hash.azurecr.io', sku: 'Premium' },
    ...{ credential: CREDENTIALS[kind], rotation: {}, policy: { rules: [] }, createdOn: at, updatedOn: at },
    ...more,
  };
}

type Generation = GuideContext['settings']['CODER_GENERATION'];
const guideOf = (
  kind: DeclaredCredential['kind'],
  more?: Partial<Registry>,
  CODER_GENERATION: Generation = 'classic',
) => setupGuide(registryOf(kind, more), { ...context, settings: { ...SETTINGS, CODER_GENERATION } });

describe.each(KINDS.flatMap(kind => [[kind, 'v2'] as const, [kind, 'classic'] as const]))(
  'the guide for %s and Coder %s',
  (kind, generation) => {
    const guideOfKind = (more?: Partial<Registry>) => guideOf(kind, more, generation);

    test('is as its schema says, with a command that finds each name it leaves open', () => {
      const guide = guideOfKind();

      expect(SetupGuide.parse(guide)).toEqual(guide);
      expect(guide).toMatchObject({
        registry: 'contoso',
        credentialKind: kind,
        loginServer: 'contoso-hash.azurecr.io',
      });
      expect(guide.placeholders.map(({ name }) => name).filter(name => !/^[A-Z][A-Z_]+$/.test(name))).toEqual(
        [],
      );
      for (const { find } of guide.placeholders) expect(bash(find, '-n').stderr, find).toBe('');
    });

    test.each([
      ['plain', 'coder'],
      ['awkward', AWKWARD],
    ])('means the same to a shell with %s names', async (_, resourceGroup) => {
      const resourceId = idIn(resourceGroup);
      const rules = [
        { repository: 'team/**', tag: { regex: '^v\'\\d+"%s$' }, defaults: { description: AWKWARD } },
      ];
      const guide = guideOfKind({ resourceId, policy: Policy.parse({ rules }) });

      for (const run of runsOf(guide)) expect(bash(run, '-n').stderr, run).toBe('');
      const { calls } = await follow(guide);
      for (const option of ['--scope', '--source-resource-id', '--attach-acr']) {
        const values = optionsOf(calls, option);
        expect(values, option).toEqual(values.map(() => resourceId));
      }
      expect(optionsOf(calls, '--scope').length).toBeGreaterThanOrEqual(4);
      const acr = calls.filter(([program, group]) => program === 'az' && group === 'acr');
      expect(new Set(optionsOf(acr, '--subscription'))).toEqual(new Set([SUBSCRIPTION]));
      expect(new Set(optionsOf(acr, '--resource-group'))).toEqual(new Set([resourceGroup]));
    });

    test('assigns roles to object ids only, since a client id would be taken and be without effect', async () => {
      const { calls } = await follow(guideOfKind());
      const created = calls.filter(call => call.slice(0, 4).join(' ') === 'az role assignment create');

      for (const call of created)
        expect(call).toEqual(expect.arrayContaining(['ServicePrincipal', '--assignee-object-id']));
      expect(optionsOf(created, '--role')).toEqual(
        expect.arrayContaining([
          'Reader',
          'AcrPull',
          'Container Registry Repository Reader',
          'Container Registry Repository Catalog Lister',
        ]),
      );
    });

    test('sends both kinds of event to the function that takes them', async () => {
      const { calls } = await follow(guideOfKind());
      const created = calls.find(
        call => call.slice(0, 4).join(' ') === 'az eventgrid event-subscription create',
      );

      expect(created).toEqual(
        expect.arrayContaining([
          'azurefunction',
          'BRIDGE_APP_ID/functions/registry-event',
          'Microsoft.ContainerRegistry.ImagePushed',
          'Microsoft.ContainerRegistry.ImageDeleted',
        ]),
      );
    });

    test('as Markdown has all that the data has, and no name breaks out of its block', () => {
      const guide = guideOfKind({ resourceId: idIn(AWKWARD) });
      const markdown = toMarkdown(guide);

      for (const { heading, why, values = '', commands, troubles = [] } of guide.steps) {
        const texts = [heading, why, values.trimEnd(), ...commands.map(({ run }) => run)];
        for (const text of [...texts, ...troubles.map(({ remedy }) => remedy)])
          expect(markdown).toContain(text);
      }
      for (const { name, meaning } of guide.placeholders)
        expect(markdown).toContain(`| \`${name}\` | ${meaning} |`);
      expect(headingsOf(markdown)).toEqual([
        `# ${guide.title}`,
        '## What the bridge cannot know',
        ...guide.steps.map(({ heading }, i) => `## ${i + 1}. ${heading}`),
      ]);
    });

    test('does not tell where the bridge keeps a secret', () => {
      expect(JSON.stringify(guideOfKind())).not.toMatch(/secret-name|secret-version/);
    });
  },
);

/** Headings outside of fenced blocks. */
function headingsOf(markdown: string): string[] {
  const headings: string[] = [];
  let fence: string | undefined;
  for (const line of markdown.split('\n')) {
    const [marks] = /^`{3,}/.exec(line) ?? [];
    if (fence === undefined) fence = marks;
    else if (line === fence) fence = undefined;
    if (fence === undefined && line.startsWith('#')) headings.push(line);
  }
  return headings;
}

test('the identity of the bridge is found by its client id, or as that of the app when it has none', () => {
  const findWith = (clientId: string | undefined) =>
    setupGuide(registryOf('static'), { ...context, clientId }).placeholders.find(
      ({ name }) => name === 'BRIDGE_PRINCIPAL_ID',
    )?.find;

  expect(findWith('client-1')).toBe('az ad sp show --id client-1 --query id --output tsv');
  expect(findWith(undefined)).toContain('--ids "$BRIDGE_APP_ID" --query identity.principalId');
});

describe('Coder v2', () => {
  const declared = {
    resourceId: idIn('coder'),
    policy: Policy.parse({
      rules: [
        { repository: 'dev/*', templates: [{ template: 'dev-{name}' }] },
        { repository: 'team/app', templates: [{ template: 'kubernetes', variable: 'workspace_image' }] },
      ],
    }),
    pinned: true,
    reconcileEveryMinutes: 60,
  };

  test('the bridge gets a user that may change templates, and its token goes to Key Vault', async () => {
    const { calls } = await follow(guideOf('managed-identity', {}, 'v2'));

    expect(calls).toContainEqual([
      'coder',
      'organizations',
      'members',
      'edit-roles',
      'acr-bridge',
      'organization-template-admin',
    ]);
    const stored = calls.find(call => call.slice(0, 4).join(' ') === 'az keyvault secret set') ?? [];
    expect(optionsOf([stored], '--vault-name')).toEqual(['kv-bridge']);
    expect(optionsOf([stored], '--name')).toEqual(['coder-session-token']);
    expect(optionsOf([stored], '--value')).toEqual(['coder-token']);
  });

  test('a registry without templates gets a first rule for one repository, and keeps its others', async () => {
    const policy = Policy.parse({ rules: [{ repository: 'a/**', tag: { regex: AWKWARD.slice(0, 7) } }] });
    const { sent } = await follow(guideOf('static', { ...declared, policy }, 'v2'));

    const first = { repository: 'WORKSPACE_REPOSITORY', templates: [{ template: 'CODER_TEMPLATE' }] };
    const credential = { kind: 'static', username: 'coder-pull' };
    expect(sent.map(text => JSON.parse(text))).toEqual([
      { ...declared, credential, policy: { rules: [first, ...policy.rules] } },
    ]);
  });

  test('what is declared of templates is kept, and the steps are about the first of them', async () => {
    const guide = guideOf('managed-identity', declared, 'v2');
    const { calls, sent, files } = await follow(guide);

    expect(sent.map(text => JSON.parse(text))).toEqual([
      { ...declared, credential: { kind: 'managed-identity' } },
    ]);
    const coder = calls.filter(([program, group]) => program === 'coder' && group === 'templates');
    expect(coder.map(([, , verb, template]) => [verb, template])).toEqual([
      ['pull', 'kubernetes'],
      ['push', 'kubernetes'],
    ]);
    expect(files).toEqual({
      'kubernetes/workspace_image.tf': expect.stringContaining('variable "workspace_image" {'),
    });
    expect(guide.placeholders.map(({ name }) => name)).not.toContain('CODER_TEMPLATE');
  });

  test.each([
    [{ major: 2, minor: 31 }, false, 'cannot create versions'],
    [{ major: 2, minor: 32 }, true, 'only the scopes that it needs'],
    [undefined, false, 'From Coder 2.32 on'],
  ])('the token of Coder %o has scopes: %s', async (release, hasScopes, why) => {
    const settings = { ...SETTINGS, CODER_GENERATION: 'v2' as const };
    const guide = setupGuide(registryOf('managed-identity'), { ...context, settings, coder: { release } });
    const { calls } = await follow(guide);

    const created = calls.filter(call => call.slice(0, 3).join(' ') === 'coder tokens create');
    expect(created.flat().includes('template:create')).toBe(hasScopes);
    expect(created.flat().includes('coder:apikeys.manage_self')).toBe(hasScopes);
    expect(guide.steps.map(step => step.why).join()).toContain(why);
    expect(guide.steps.map(step => step.why).join()).toContain('after 168 hours at most');
  });

  test.each([
    [{ major: 2, minor: 31 }, {}, false, 'A token without scopes needs nothing more'],
    [{ major: 2, minor: 35 }, undefined, false, 'is made with `--scope coder:workspaces.create`'],
    [{ major: 2, minor: 35 }, {}, true, 'The token above has the scopes for it'],
    [undefined, {}, false, 'is made with `--scope coder:workspaces.create`'],
  ])(
    'a canary takes rights that the token of Coder %o has with %o: %s',
    async (release, canary, hasScopes, why) => {
      const settings = { ...SETTINGS, CODER_GENERATION: 'v2' as const };
      const rules = [{ repository: 'team/app', templates: [{ template: 'dev', ...(canary && { canary }) }] }];
      const registry = registryOf('managed-identity', { policy: Policy.parse({ rules }) });
      const guide = setupGuide(registry, { ...context, settings, coder: { release } });
      const { calls } = await follow(guide);

      const created = calls.filter(call => call.slice(0, 3).join(' ') === 'coder tokens create').flat();
      for (const scope of ['coder:workspaces.create', 'coder:workspaces.delete'])
        expect(created.includes(scope)).toBe(hasScopes);
      const step = guide.steps.find(({ heading }) => heading.startsWith('Try images')) as Step;
      expect(step.why).toContain(why);
      expect(step.why).toContain('`"canary": {}`');
      expect(calls.flat()).toContain('organization-workspace-access');
    },
  );

  test.each([
    [{ kind: 'change', diff: '--- a/main.tf\n+++ b/main.tf\n' } as const, 'is all that it takes'],
    [{ kind: 'none' } as const, 'skip this step'],
    [{ kind: 'unclear' } as const, 'not simple enough'],
  ])('what the template that a person asks about needs is shown: %o', async (change, why) => {
    const settings = { ...SETTINGS, CODER_GENERATION: 'v2' as const };
    const coder = { template: { name: 'dev', variable: 'image', change } };
    const guide = setupGuide(registryOf('managed-identity'), { ...context, settings, coder });
    const { sent } = await follow(guide);

    const step = guide.steps.find(({ heading }) => heading === 'Let the template name the image') as Step;
    expect(step.why).toContain(why);
    expect(step.diff).toBe(change.kind === 'change' ? change.diff : undefined);
    expect(toMarkdown(guide).includes('```diff\n--- a/main.tf')).toBe(change.kind === 'change');
    expect(JSON.parse(sent[0] ?? '').policy.rules[0].templates).toEqual([{ template: 'dev' }]);
  });

  test.each(KINDS)('with %s the nodes pull, and no step is about a registry in Coder', async kind => {
    const guide = guideOf(kind, {}, 'v2');
    const { calls } = await follow(guide);

    expect(optionsOf(calls, '--attach-acr')).toEqual([idIn('coder')]);
    expect(JSON.stringify(guide)).not.toMatch(/Registry authentication|issue what Coder pulls with|dialog/);
  });
});

describe('static', () => {
  test('the token may pull what the policy imports, and nothing else', async () => {
    const policy = Policy.parse({ rules: [{ repository: 'team/**' }, { repository: 'base/ubuntu' }] });
    const { calls } = await follow(guideOf('static', { policy }));
    const scopeMap = calls.find(call => call.slice(0, 4).join(' ') === 'az acr scope-map create') ?? [];

    expect(scopeMap.slice(scopeMap.indexOf('--repository'))).toEqual([
      ...['--repository', 'team/*', 'content/read', 'metadata/read'],
      ...['--repository', 'base/ubuntu', 'content/read', 'metadata/read'],
    ]);
    expect(scopeMap).toEqual(expect.arrayContaining(['--registry', 'Contoso']));
  });

  test('the password goes from Azure to docker and to the bridge, with all that was declared beside it', async () => {
    const rules = [
      { repository: 'team/**', tag: { regex: '^v\'\\d+"%s$' }, defaults: { description: AWKWARD } },
    ];
    const declared = {
      resourceId: idIn('coder'),
      organizationId: 'default',
      policy: Policy.parse({ rules }),
      pinned: true,
      reconcileEveryMinutes: 60,
    };
    const { calls, sent } = await follow(guideOf('static', declared));

    const [toDocker, toBridge = ''] = sent;
    expect(toDocker).toBe('pull-password');
    expect(JSON.parse(toBridge)).toEqual({
      ...declared,
      credential: { kind: 'static', username: 'coder-pull', password: 'pull-password' },
    });
    // Everybody on a machine can see the arguments of its programs.
    expect(calls.flat().join()).not.toContain('pull-password');
    expect(calls).toContainEqual(
      expect.arrayContaining(['PUT', 'https://bridge.example.net/api/registries/contoso']),
    );
  });

  test.each([
    ['team-reader', 'team-reader', 'a token of that name is renewed'],
    ['Contoso', 'coder-pull', 'the administrator account'],
    ['22222222-3333-4444-5555-666666666666', 'coder-pull', 'a service principal'],
    ['abc', 'coder-pull', 'too short for a token'],
    ["it's me", 'coder-pull', 'not a name of a token'],
  ])('with the user name %s the token is called %s: %s', async (username, token) => {
    const credential: DeclaredCredential = { kind: 'static', username };
    const { calls } = await follow(guideOf('static', { credential }));

    expect(optionsOf(calls, '--scope-map')).toEqual([token]);
    expect(optionsOf(calls, '--username')).toEqual([token]);
  });
});

describe('managed-identity', () => {
  const guide = guideOf('managed-identity');
  const stepWith = (text: RegExp) => guide.steps.find(step => text.test(JSON.stringify(step))) as Step;
  const values = guide.steps.flatMap(step => (step.values ? [readYaml(step.values)] : []));

  test('the Helm values are where the chart reads them', () => {
    expect(values).toEqual([
      {
        coderd: {
          extraLabels: { 'azure.workload.identity/use': 'true' },
          annotations: { 'azure.workload.identity/inject-proxy-sidecar': 'true' },
          builtinProviderServiceAccount: {
            annotations: { 'azure.workload.identity/client-id': 'CODER_IDENTITY_CLIENT_ID' },
          },
        },
      },
      { coderd: { extraLabels: { aadpodidbinding: 'CODER_IDENTITY' } } },
    ]);
    expect(stepWith(/aadpodidbinding: /).why).toMatch(/`extraLabels` at the top level.*ignores/);
    expect(
      runsOf(guide).filter(run => run.startsWith('helm upgrade coder coder/coder --values values.yaml')),
    ).toHaveLength(2);
  });

  test('the service account is federated with issuer, subject and audience', async () => {
    const { calls } = await follow(guide);
    const created =
      calls.find(call => call.slice(0, 4).join(' ') === 'az identity federated-credential create') ?? [];

    expect(optionsOf([created], '--issuer')).toEqual(['found']);
    expect(optionsOf([created], '--subject')).toEqual(['system:serviceaccount:CODER_NAMESPACE:coder']);
    expect(optionsOf([created], '--audiences')).toEqual(['api://AzureADTokenExchange']);
  });

  test('the token is asked of the metadata service as Coder does, and is not shown', () => {
    const { commands, troubles } = stepWith(/169\.254\.169\.254/);
    const [ask = { run: '' }] = commands;

    expect(ask.run).toContain(
      'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&',
    );
    expect(ask.run).toMatch(
      /&client_id=\$\{CODER_IDENTITY_CLIENT_ID\}&resource=https%3A%2F%2Fmanagement\.azure\.com"/,
    );
    const filter = ask.run.slice(ask.run.lastIndexOf('sed'));
    const shown = spawnSync('bash', ['-c', filter], {
      input: '{"access_token":"eyJ0.x-y_z","client_id":"c"}',
      encoding: 'utf8',
    });
    expect(shown.stdout.trim()).toBe('{"access_token":"…","client_id":"c"}');
    expect(troubles?.find(({ sign }) => sign.includes('Identity not found'))?.remedy).toMatch(
      /[Rr]estart coderd/,
    );
  });

  test('names the switch in Coder, and how nodes pull in either mode', () => {
    const { why } = stepWith(/Azure Container Registry authentication/);
    expect(why).toMatch(/Manage > Admin > Infrastructure/);
    const { commands } = stepWith(/--attach-acr/);
    expect(commands.map(({ when }) => when)).toEqual([
      'Outside ABAC mode',
      'In ABAC mode',
      'In ABAC mode',
      undefined,
    ]);
  });
});
