import { quote, resourceNameOf } from '../azure/az-commands.ts';
import { declaredDestinations } from '../coder/v2/destinations.ts';
import type { Registry } from '../records/registry.ts';
import type { Settings } from '../settings.ts';
import { declarationOf } from './declaration.ts';
import type { Values } from './template.ts';

/** For the steps in Coder v2: the first template that the registry declares, or names that the shell knows. */
export function coderV2Values(
  registry: Registry,
  settings: Pick<Settings, 'KEY_VAULT_URL' | 'CODER_TOKEN_SECRET'>,
): Values {
  const [first] = declaredDestinations(registry).filter(
    ({ destination }) => !destination.template.includes('{name}'),
  );
  return {
    vaultName: resourceNameOf(settings.KEY_VAULT_URL),
    vaultUrl: settings.KEY_VAULT_URL,
    tokenSecret: settings.CODER_TOKEN_SECRET,
    template: first ? quote(first.destination.template) : '"$CODER_TEMPLATE"',
    variable: first?.destination.variable ?? 'image',
    declaration: declarationWords(registry),
  };
}

/** The declaration as words of a shell. Where it has no destination yet, a first rule gets one from shell variables. */
function declarationWords(registry: Registry): string {
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
    '"$CODER_TEMPLATE"',
    quote(`"${after.join('""')}`),
  ].join(' ');
}
