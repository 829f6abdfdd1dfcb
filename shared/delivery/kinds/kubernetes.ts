import { X509Certificate } from 'node:crypto';
import * as z from 'zod';
import type { SecretAddress } from '../../azure/aks/address.ts';
import { isPullSecret, type PullSecrets } from '../../azure/aks/pull-secrets.ts';
import { CredentialError } from '../../errors.ts';
import { fine, wrong } from '../../lib/check.ts';
import { contentFor } from '../content.ts';
import type { ContentNow, DeliveryKind, FoundText } from '../kind.ts';
import { notDelivered } from '../not-delivered.ts';
import guide from './kubernetes.md';

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const KubernetesDelivery = z.strictObject({
  kind: z.literal('kubernetes'),
  /** API server of the cluster, such as https://NAME.hcp.REGION.azmk8s.io */
  server: z.string().refine(isServer, 'must be the https:// address of an API server, without a path'),
  /** The authority that signed its certificate, in PEM; AKS has one for each cluster. */
  certificateAuthority: z.string().max(16_384).refine(isPem, 'must be a certificate in PEM').optional(),
  /** Namespaces that workspaces run in. */
  namespaces: z
    .array(z.string().regex(LABEL, 'must be the name of a namespace'))
    .min(1)
    .max(20)
    .refine(names => new Set(names).size === names.length, 'names a namespace twice'),
  /** Name of the Secret in each of them. */
  secret: z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'must be the name of a Secret'),
});
type KubernetesDelivery = z.infer<typeof KubernetesDelivery>;

/** Tries to write a Secret that others change at the same time. */
const MOST_TRIES = 5;

/** A Secret of type `kubernetes.io/dockerconfigjson` in namespaces of a cluster. */
export const kubernetesDelivery = {
  input: KubernetesDelivery,
  needsLogin: true,
  step: ({ secret, namespaces }) => `write it to the Secret ${secret} in ${namespaces.join(', ')}`,

  refuse({ server }, { isAllowedCluster }) {
    const { host } = new URL(server);
    if (isAllowedCluster(host)) return [];
    const message = `is not an allowed host: the bridge sends tokens to *.azmk8s.io, and to those in the setting AKS_ALLOWED_HOSTS`;
    return [{ path: 'delivery.server', message }];
  },

  place: {
    namesOf: declared =>
      addressesOf(declared).map(
        ({ namespace, secret }) => `Secret ${secret} in ${namespace} of ${new URL(declared.server).host}`,
      ),

    async read(declared, { pullSecrets }, signal) {
      const found: FoundText[] = [];
      for (const at of addressesOf(declared)) {
        const text = (await pullSecrets.find(at, signal))?.dockerConfig;
        if (text !== undefined) found.push({ name: `Secret ${at.secret} in ${at.namespace}`, text });
      }
      return found;
    },

    async holds(declared, { text }, { pullSecrets }, signal) {
      for (const at of addressesOf(declared)) {
        if (!isPullSecret(await pullSecrets.find(at, signal), text)) return false;
      }
      return true;
    },

    async fill(declared, contentNow, { pullSecrets }, signal) {
      const results = await Promise.allSettled(
        addressesOf(declared).map(at => fillOne(pullSecrets, at, contentNow, signal)),
      );
      // One that refuses must not keep the credential from the others.
      const failed = results.find(({ status }) => status === 'rejected');
      if (failed) throw (failed as PromiseRejectedResult).reason;
    },

    async tryOut(declared, { pullSecrets }, signal) {
      for (const at of addressesOf(declared)) await pullSecrets.tryApply(at, signal);
    },
  },

  async diagnose(declared, { registry, services, signal }) {
    const where = `the Secret ${declared.secret} in ${declared.namespaces.join(', ')}`;
    const content = await contentFor(registry, services.vault);
    try {
      if (content && (await kubernetesDelivery.place.holds(declared, content, services, signal)))
        return fine(`The cluster has the credential in ${where}.`);
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error;
      return wrong(
        error.reason,
        error.message,
        error.remedy ?? `Repair what keeps the bridge from ${where}.`,
      );
    }
    return notDelivered(`The cluster does not have the credential in ${where}.`, registry);
  },

  guide: {
    text: guide,
    valuesOf: ({ secret, namespaces, server }) => ({
      pullSecret: secret,
      namespaces: namespaces.join(' '),
      firstNamespace: namespaces[0] as string,
      server,
    }),
  },
} satisfies DeliveryKind<KubernetesDelivery>;

function addressesOf({
  server,
  certificateAuthority,
  namespaces,
  secret,
}: KubernetesDelivery): SecretAddress[] {
  return namespaces.map(namespace => ({ cluster: { server, certificateAuthority }, namespace, secret }));
}

/** Returns once a read has shown the content. */
async function fillOne(
  pullSecrets: PullSecrets,
  at: SecretAddress,
  contentNow: ContentNow,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const found = await pullSecrets.find(at, signal);
    const content = await contentNow();
    if (!content || isPullSecret(found, content.text)) return;
    await pullSecrets.apply(at, content.text, found, signal);
  }
  const message = `The Secret ${at.secret} in ${at.namespace} is changed again and again.`;
  const remedy = `Find out by whom: kubectl get secret ${at.secret} --namespace ${at.namespace} --show-managed-fields --output yaml`;
  throw new CredentialError('cluster-unavailable', message, { remedy });
}

function isServer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, username } = new URL(text);
  return protocol === 'https:' && pathname === '/' && search === '' && username === '';
}

function isPem(text: string): boolean {
  try {
    new X509Certificate(text);
    return text.includes('-----BEGIN CERTIFICATE-----');
  } catch {
    return false;
  }
}
