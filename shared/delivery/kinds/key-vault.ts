import * as z from 'zod';
import type { Vault } from '../../azure/key-vault/vault.ts';
import { fine } from '../../lib/check.ts';
import { contentFor } from '../content.ts';
import type { DeliveryKind } from '../kind.ts';
import { notDelivered } from '../not-delivered.ts';
import { RefreshMinutes } from '../refresh.ts';
import guide from './key-vault.md';

const KeyVaultDelivery = z.strictObject({
  kind: z.literal('key-vault'),
  /** Name of the secret in the bridge's vault. */
  secret: z.string().regex(/^[0-9a-zA-Z-]{1,127}$/, 'must be 1 to 127 letters, digits or dashes'),
  /** How often the cluster reads the secret, as in External Secrets' `refreshInterval`. */
  refreshMinutes: RefreshMinutes,
});
type KeyVaultDelivery = z.infer<typeof KeyVaultDelivery>;

/**
 * Tag with the version that a new one replaces, until the bridge has disabled that one. A run that is cut off between
 * leaves the tag to the next.
 */
const REPLACES = 'replaces';

/** Disables the version that this one replaced. */
async function finish(
  secret: string,
  { version, tags }: { version: string; tags: Readonly<Record<string, string>> },
  vault: Vault,
): Promise<void> {
  const older = tags[REPLACES];
  if (older === undefined) return;
  await vault.disable(secret, older);
  await vault.describe(secret, version, { tags: {} });
}

/**
 * A docker configuration as a secret in the bridge's vault, which External Secrets or the Secrets Store CSI driver
 * copies into the cluster.
 */
export const keyVaultDelivery = {
  input: KeyVaultDelivery,
  needsLogin: true,
  step: ({ secret, refreshMinutes }) =>
    `write it to the Key Vault secret ${secret}, which the cluster reads every ${refreshMinutes} min`,
  refreshMinutes: ({ refreshMinutes }) => refreshMinutes,

  refuse({ secret }, { isReservedSecret }) {
    if (!isReservedSecret(secret)) return [];
    return [{ path: 'delivery.secret', message: 'is the name of a secret that the bridge itself uses' }];
  },

  place: {
    // Names in Key Vault do not differ by case.
    namesOf: ({ secret }) => [`Key Vault secret ${secret.toLowerCase()}`],

    async read({ secret }, { vault }) {
      const text = await vault.find(secret);
      return text === undefined ? [] : [{ name: `Key Vault secret ${secret}`, text }];
    },

    async holds({ secret }, { text }, { vault }) {
      const found = await vault.newest(secret);
      return found?.value === text && found.tags[REPLACES] === undefined;
    },

    async fill({ secret }, contentNow, { vault }) {
      const found = await vault.newest(secret);
      const content = await contentNow();
      if (found) await finish(secret, found, vault);
      if (!content || found?.value === content.text) return;
      const { text, expiresOn } = content;
      const tags: Record<string, string> = found ? { [REPLACES]: found.version } : {};
      const version = await vault.write(secret, text, { contentType: 'application/json', expiresOn, tags });
      await finish(secret, { version, tags }, vault);
    },
  },

  async diagnose({ secret, refreshMinutes }, { registry, services }) {
    const content = await contentFor(registry, services.vault);
    const found = content && (await services.vault.find(secret));
    if (content && found === content.text)
      return fine(
        `The secret ${secret} has the credential; the cluster reads it every ${refreshMinutes} min.`,
      );
    return notDelivered(`The secret ${secret} does not have the credential.`, registry);
  },

  guide: {
    text: guide,
    valuesOf: ({ secret, refreshMinutes }, { name }) => ({
      deliveredSecret: secret,
      pullSecretName: `${name}-pull`,
      // Braces that the template of the ExternalSecret has.
      ...{ open: '{{', close: '}}' },
      refreshMinutes: String(refreshMinutes),
    }),
  },
} satisfies DeliveryKind<KeyVaultDelivery>;
