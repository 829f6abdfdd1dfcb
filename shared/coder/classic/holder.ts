import type { CredentialHolder } from '../../credentials/holder.ts';
import type { ClassicClient } from './client.ts';
import { type PullingOptions, whilePulling } from './pulling.ts';
import type { ClassicRegistries } from './registries.ts';

interface HolderOptions extends PullingOptions {
  coder: ClassicClient;
  registries: ClassicRegistries;
}

/** Coder Classic as holder: it keeps the credential as part of its registry. */
export function createClassicHolder(options: HolderOptions): CredentialHolder {
  const { coder, registries } = options;
  return {
    // Coder gets a registry, and what it pulls with, together with the first image.
    prepare: async () => {},
    minutesInUse: () => 0,
    deliveryStep: () => 'give it to Coder, and have Coder refresh an image with it',
    proveUnused: async () => {},
    deliver: (registry, signal) => registries.deliverCredential(registry, undefined, signal),
    hasDrifted: registries.wasTouched,
    async prove(registry, signal) {
      const id = await registries.deliverAgain(registry, signal);
      if (id === undefined) return;
      const images = await coder.listImages(registries.organizationOf(registry), signal);
      const image = images.find(candidate => candidate.registry?.id === id && !candidate.deprecated);
      if (image) await whilePulling(options, registry, signal, () => coder.refreshTags(image.id, signal));
    },
  };
}
