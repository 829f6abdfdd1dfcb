import type { DeclaredCredential } from '../credentials/kinds/all.ts';
import { deliveryOf } from '../delivery/kinds/all.ts';
import type { Registry } from '../records/registry.ts';
import type { Settings } from '../settings.ts';
import admin from './admin.md';
import canary from './canary.md';
import coderV2 from './coder-v2.md';
import { tokenOptions } from './coder-v2-values.ts';
import entraIdentity from './entra-identity.md';
import guide from './guide.md';
import issuingRole from './issuing-role.md';
import managedIdentity from './managed-identity.md';
import nodes from './nodes.md';
import { allPlaceholders, usedPlaceholders } from './placeholders.ts';
import type { SetupGuide } from './schema.ts';
import servicePrincipal from './service-principal.md';
import staticCredential from './static.md';
import { readTemplate } from './template.ts';
import { type GuideContext, guideValues } from './values.ts';

/** How Coder Classic comes by the credential. A new kind is one more line here, and one more template. */
const CREDENTIAL_STEPS: Record<DeclaredCredential['kind'], string> = {
  static: staticCredential,
  'managed-identity': `${managedIdentity}\n${nodes}`,
  admin: `${admin}\n${issuingRole}`,
  'service-principal': servicePrincipal,
  'entra-identity': entraIdentity,
  token: issuingRole,
};

/** With Coder v2 the nodes pull, with what is delivered to them; what the bridge issues needs the rights to issue it. */
function stepsInCoder(registry: Registry, generation: Settings['CODER_GENERATION']): string {
  const { kind } = registry.credential;
  if (generation === 'classic') return CREDENTIAL_STEPS[kind];
  const isIssued = kind === 'admin' || kind === 'token' || kind === 'service-principal';
  const delivery = deliveryOf(registry).kind.guide?.text ?? nodes;
  return [...(isIssued ? [CREDENTIAL_STEPS[kind]] : []), coderV2, delivery, canary].join('\n');
}

/** Coder's own guide to ACR (https://coder.com/docs), filled in for one registry. No secret is in it. */
export function setupGuide(registry: Registry, context: GuideContext): SetupGuide {
  const { name, loginServer, credential } = registry;
  const template = guide.replace('{{> coder}}\n', () =>
    stepsInCoder(registry, context.settings.CODER_GENERATION),
  );
  const placeholders = allPlaceholders(context.clientId, tokenOptions(context.coder?.release, registry));
  const { title, about, steps } = readTemplate(template, {
    ...guideValues(registry, context),
    ...Object.fromEntries(placeholders.map(({ name: variable, find }) => [`find ${variable}`, find])),
  });
  return {
    title,
    registry: name,
    loginServer,
    credentialKind: credential.kind,
    about,
    placeholders: usedPlaceholders(placeholders, steps),
    steps,
  };
}
