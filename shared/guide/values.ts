import { partsOf } from '../azure/arm-id.ts';
import { issuingRole, issuingRoleDefinition } from '../azure/issuing-role.ts';
import { givesLogin } from '../credentials/kinds.ts';
import type { Registry } from '../records/registry.ts';
import type { Settings } from '../settings.ts';
import { createSubscription } from './event-subscription.ts';
import { staticValues } from './static-values.ts';
import type { Values } from './template.ts';

/** What a guide is made from beside the registry. */
export interface GuideContext {
  settings: Pick<Settings, 'ARM_AUDIENCE' | 'CODER_URL'>;
  /** Of the bridge's user-assigned identity; undefined when it has the system-assigned one. */
  clientId: string | undefined;
  /** Where the bridge is called, without a trailing slash. */
  bridgeUrl: string;
}

/** What Coder shows a registry as. */
const CODER_REGISTRY_KINDS = {
  generic: 'Generic Registry',
  acr: 'Microsoft Azure Container Registry, without user name or password',
};

/** What the templates may name. */
export function guideValues(registry: Registry, { settings, bridgeUrl }: GuideContext): Values {
  const { name, resourceId, loginServer, credential } = registry;
  return {
    ...{ name, resourceId, loginServer, bridgeUrl },
    ...partsOf(registry),
    coderUrl: settings.CODER_URL,
    coderRegistryKind: CODER_REGISTRY_KINDS[givesLogin(credential) ? 'generic' : 'acr'],
    armAudience: settings.ARM_AUDIENCE,
    armAudienceEncoded: encodeURIComponent(settings.ARM_AUDIENCE),
    createEventSubscription: createSubscription(resourceId).join(' \\\n  '),
    ...declaredValues(registry),
    ...(credential.kind === 'static' && staticValues(registry)),
    ...issuingValues(registry),
  };
}

/** What the registry declares about its credential, as `credential.appId` for example. */
function declaredValues({ credential }: Registry): Values {
  return Object.fromEntries(
    Object.entries(credential).map(([key, value]) => [`credential.${key}`, String(value)]),
  );
}

function issuingValues(registry: Registry): Values {
  const { kind } = registry.credential;
  if (kind !== 'admin' && kind !== 'token') return {};
  const id = partsOf(registry);
  return {
    issuingRole: issuingRole(kind, id.registryName),
    roleDefinition: JSON.stringify(issuingRoleDefinition(kind, id)),
  };
}
