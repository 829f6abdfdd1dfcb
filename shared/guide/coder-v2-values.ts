import { quote, resourceNameOf } from '../azure/az-commands.ts';
import { declaredDestinations, variableOf } from '../coder/v2/destinations.ts';
import { isAtLeast, type Release } from '../coder/v2/release.ts';
import type { SetupFacts } from '../coder/v2/setup-facts.ts';
import type { TemplateChange } from '../coder/v2/template-change.ts';
import type { Registry } from '../records/registry.ts';
import type { Settings } from '../settings.ts';
import { declarationOf } from './declaration.ts';
import type { Values } from './template.ts';

/** With scopes a token can create versions only from this release on, since before it no scope shows its own user. */
const SCOPES_SINCE = { major: 2, minor: 32 };
/** `workspace:read` counts outdated workspaces, and the last one lets the token renew itself. */
const SCOPES = [
  ...['template:read', 'template:create', 'template:update', 'organization:read', 'user:read'],
  ...['workspace:read', 'coder:apikeys.manage_self'],
];

const CANARY_SCOPES = ['coder:workspaces.create', 'coder:workspaces.delete'];

/** Options of `coder tokens create`; none for a release that is unknown, since a token without scopes serves all. */
export function tokenOptions(release: Release | undefined, registry: Registry): string[] {
  if (!release || !isAtLeast(release, SCOPES_SINCE)) return [];
  return [...SCOPES, ...(hasCanary(registry) ? CANARY_SCOPES : [])].map(scope => `--scope ${scope}`);
}

/** Whether a rule asks for a workspace that tries its images. */
function hasCanary(registry: Registry): boolean {
  return declaredDestinations(registry).some(({ destination }) => destination.canary !== undefined);
}

/** For the steps in Coder v2: the template that Coder was asked about, the first of the registry, or one from the shell. */
export function coderV2Values(
  registry: Registry,
  settings: Pick<Settings, 'KEY_VAULT_URL' | 'CODER_TOKEN_SECRET'>,
  coder: SetupFacts | undefined,
): Values {
  const [first] = declaredDestinations(registry)
    .map(({ destination }) => destination)
    .filter(({ template }) => !template.includes('{name}'));
  const isCatalog = coder?.template?.isCatalog ?? first?.as === 'catalog';
  const variable = coder?.template?.variable ?? variableOf(first ?? {});
  const name = coder?.template?.name ?? first?.template;
  const template = name ? quote(name) : '"$CODER_TEMPLATE"';
  const change = coder?.template?.change;
  return {
    vaultName: resourceNameOf(settings.KEY_VAULT_URL),
    vaultUrl: settings.KEY_VAULT_URL,
    tokenSecret: settings.CODER_TOKEN_SECRET,
    template,
    variable,
    variableDefault: isCatalog ? '[]' : 'docker.io/codercom/example-base:ubuntu',
    useSays: isCatalog
      ? 'the parameter that docs/coder-v2.md shows, since it holds a list of images to choose from'
      : `a container that uses it: \`image = var.${variable}\``,
    scopesSay: aboutScopes(coder?.release),
    canaryScopesSay: aboutCanaryScopes(coder?.release, hasCanary(registry)),
    changeSays: change ? aboutChange(change.kind, name as string) : '',
    change: change?.kind === 'change' ? change.diff.trimEnd() : '',
    declaration: declarationWords(registry, template),
  };
}

function aboutScopes(release: Release | undefined): string {
  if (!release) return 'From Coder 2.32 on the token can have scopes, which docs/coder-v2.md lists.';
  const version = `This Coder is ${release.major}.${release.minor}`;
  return isAtLeast(release, SCOPES_SINCE)
    ? `${version}, so the token gets only the scopes that it needs; the last lets it renew itself.`
    : `${version}, where a token with scopes cannot create versions, so it gets none.`;
}

function aboutCanaryScopes(release: Release | undefined, isDeclared: boolean): string {
  if (release && !isAtLeast(release, SCOPES_SINCE)) return 'A token without scopes needs nothing more.';
  if (release && isDeclared) return 'The token above has the scopes for it.';
  const options = CANARY_SCOPES.map(scope => `\`--scope ${scope}\``).join(' and ');
  return `A token with scopes is made with ${options} too.`;
}

function aboutChange(kind: TemplateChange['kind'], template: string): string {
  if (kind === 'none') return ` The active version of ${template} does this already: skip this step.`;
  if (kind === 'change') return ` For ${template} this diff of its active version is all that it takes.`;
  return ` The source of ${template} is not simple enough for the bridge to say where.`;
}

/** The declaration as words of a shell. Where it has no destination yet, a first rule gets one from shell variables. */
function declarationWords(registry: Registry, template: string): string {
  const { credential } = registry;
  const { policy, ...others } = declarationOf(registry);
  if (declaredDestinations(registry).length > 0) {
    return quote(JSON.stringify({ policy, ...others, credential }, null, 2));
  }
  const rule = { repository: '', templates: [{ template: '' }] };
  const rules = [rule, ...policy.rules];
  // Its two empty names come before all others.
  const text = JSON.stringify({ policy: { rules }, ...others, credential }, null, 2);
  const [before = '', between = '', ...after] = text.split('""');
  return [
    quote(`${before}"`),
    '"$WORKSPACE_REPOSITORY"',
    quote(`"${between}"`),
    template,
    quote(`"${after.join('""')}`),
  ].join(' ');
}
