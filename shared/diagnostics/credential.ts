import type { Acr } from '../azure/acr.ts';
import type { ProvePull } from '../azure/acr-tokens.ts';
import type { Vault } from '../azure/vault.ts';
import { credentialKind, givesLogin } from '../credentials/kinds.ts';
import { loginOf } from '../credentials/login.ts';
import { ServiceError } from '../errors.ts';
import { type Check, fine, unclear, type Verdict, wrong } from '../lib/check.ts';
import { remedyOf } from '../reasons.ts';
import type { Images } from '../records/images.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { chooseRepository } from '../rotation/sample-repository.ts';
import type { Diagnosis } from './diagnosis.ts';

export interface CredentialCheckServices {
  acr: Acr;
  vault: Vault;
  images: Images;
  provePull: ProvePull;
}

/** What Coder pulls with, and what came of it. */
export function credentialChecks({
  acr,
  vault,
  images,
  provePull,
}: CredentialCheckServices): Check<Diagnosis>[] {
  return [
    {
      name: 'coder-credential',
      truth: 'The registry accepts what Coder pulls with.',
      needs: ['acr-exchange', 'credential-kind', 'key-vault-read'],
      appliesTo: ({ registry }) => givesLogin(registry.credential),
      async run({ registry, signal }) {
        const { loginServer, rotation } = registry;
        try {
          const login = await loginOf(registry, vault);
          if (!login) return unclear('Coder pulls with an identity of its own.');
          // What a person supplied may be for other repositories, and is tried by its password alone.
          const { current } = rotation;
          const isSupplied = current && credentialKind(current.declared.kind).supplied;
          const repository = isSupplied ? undefined : await chooseRepository(acr, registry, signal);
          const proof = await provePull({ loginServer, repository }, login, signal);
          if (proof.works) return fine(`${loginServer} accepts ${login.username}.`);
          return wrong('credential-refused', proof.message, renewal(registry));
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          // Whether the registry answers is for other checks to tell.
          if (error.reason === 'registry-unavailable') return unclear(error.message);
          return wrong(error.reason, error.message, renewal(registry));
        }
      },
    },
    {
      name: 'coder-pulls',
      truth: 'No image of this registry waits because Coder could not read it.',
      needs: ['tables', 'coder-reachable'],
      async run({ registry }) {
        for await (const image of images.unfinished(registry.name)) {
          if (image.reason !== 'coder-cannot-pull' && image.reason !== 'coder-rejected') continue;
          return explainPull(registry, image.reason, image.message);
        }
        return fine('No image waits because Coder could not read it.');
      },
    },
  ];
}

function renewal({ name, credential: { kind } }: StoredRegistry): string {
  if (!credentialKind(kind).issuer) return `PUT /api/registries/${name} with a password that works.`;
  return `The bridge renews it by itself within a few minutes; at once with POST /api/registries/${name}/rotate. If it stays, see rotation.lastResult of GET /api/registries/${name}.`;
}

/** What Coder says tells what is wrong where Coder cannot be asked: its own identity, and its switches. */
function explainPull(
  { name, loginServer, credential }: StoredRegistry,
  reason: 'coder-cannot-pull' | 'coder-rejected',
  message: string,
): Verdict {
  const guide = `GET /api/registries/${name}/setup?format=markdown`;
  if (/identity not found/i.test(message)) {
    const remedy = `Coder's pod has no identity: restart coderd, then compare the client id and the labels with those in ${guide}.`;
    return wrong('coder-identity-not-found', message, remedy);
  }
  if (!givesLogin(credential) && reason === 'coder-rejected') {
    const remedy = `Turn on Azure Container Registry authentication in Coder, under Manage > Admin > Infrastructure. Where it is on, compare CODER_REGISTRY_KIND_FIELD and CODER_REGISTRY_KIND_ACR with what Coder's API takes. Then replay: POST /api/images/replay {"registry":"${name}"}`;
    return wrong('acr-authentication-off', message, remedy);
  }
  if (/x509|certificate|self.signed/i.test(message)) {
    const remedy = `Coder does not trust the certificate of ${loginServer}: give it the authority, or take away the proxy between them.`;
    return wrong('coder-distrusts-registry', message, remedy);
  }
  return wrong(reason, message, remedyOf(reason) as string);
}
