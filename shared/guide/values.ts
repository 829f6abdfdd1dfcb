import { issuingRole, issuingRoleDefinition } from '../azure/arm/issuing-role.ts';
import { partsOf } from '../azure/arm/resource-id.ts';
import type { SetupFacts } from '../coder/v2/setup-facts.ts';
import { givesLogin } from '../credentials/kinds/all.ts';
import { deliveryOf } from '../delivery/kinds/all.ts';
import type { Registry } from '../records/registry.ts';
import type { Settings } from '../settings.ts';
import { coderV2Values } from './coder-v2-values.ts';
import { createSubscription } from './event-subscription.ts';
import { staticValues } from './static-values.ts';
import type { Values } from './template.ts';

/** The input of a guide, in addition to the registry. */
export interface GuideContext {
  settings: Pick<
    Settings,
    'ARM_AUDIENCE' | 'CODER_GENERATION' | 'CODER_URL' | 'CODER_TOKEN_SECRET' | 'KEY_VAULT_URL'
  >;
  /** What Coder v2 says; undefined when it was not asked. */
  coder?: SetupFacts | undefined;
  /** Of the bridge's user-assigned identity; undefined when it has the system-assigned one. */
  clientId: string | undefined;
  /** URL of the bridge, without a trailing slash. */
  bridgeUrl: string;
}

/** Coder's names of the registry kinds. */
const CODER_REGISTRY_KINDS = {
  generic: 'Generic Registry',
  acr: 'Microsoft Azure Container Registry, without user name or password',
};

/** What both generations have steps about, in the words of each. */
const IN_V2 = {
  issued: 'a credential for pull secrets',
  arrival: 'The bridge makes a version of the template that names the image, and promotes it.',
};

function inClassic({ credential }: Registry, coderUrl: string): Values {
  const kind = CODER_REGISTRY_KINDS[givesLogin(credential) ? 'generic' : 'acr'];
  const arrival = `You do not fill in Coder's dialog: the bridge adds the registry to ${coderUrl} together with its first image, as ${kind}.`;
  return { issued: 'what Coder pulls with', arrival };
}

/** What the templates may name. */
export function guideValues(registry: Registry, { settings, coder, bridgeUrl }: GuideContext): Values {
  const { name, resourceId, loginServer, credential } = registry;
  return {
    ...{ name, resourceId, loginServer, bridgeUrl },
    ...partsOf(registry),
    coderUrl: settings.CODER_URL,
    ...(settings.CODER_GENERATION === 'v2'
      ? { ...IN_V2, ...coderV2Values(registry, settings, coder) }
      : inClassic(registry, settings.CODER_URL)),
    armAudience: settings.ARM_AUDIENCE,
    armAudienceEncoded: encodeURIComponent(settings.ARM_AUDIENCE),
    createEventSubscription: createSubscription(resourceId).join(' \\\n  '),
    ...declaredValues(registry),
    ...deliveryValues(registry),
    ...(credential.kind === 'static' && staticValues(registry)),
    ...issuingValues(registry),
  };
}

/** The fields of the declared credential, such as `credential.appId`. */
function declaredValues({ credential }: Registry): Values {
  return Object.fromEntries(
    Object.entries(credential).map(([key, value]) => [`credential.${key}`, String(value)]),
  );
}

function deliveryValues(registry: Registry): Values {
  const { declared, kind } = deliveryOf(registry);
  return kind.guide?.valuesOf(declared, registry) ?? {};
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
