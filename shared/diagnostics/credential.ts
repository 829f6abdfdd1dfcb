import type { Acr } from '../azure/acr/client.ts';
import type { ProvePull } from '../azure/acr/tokens.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import { credentialKind, givesLogin } from '../credentials/kinds/all.ts';
import { loginOf } from '../credentials/login.ts';
import { ServiceError } from '../errors.ts';
import { type Check, fine, unclear, type Verdict, wrong } from '../lib/check.ts';
import { formatReference } from '../policy/reference.ts';
import { remedyOf } from '../reasons.ts';
import type { ImageRecord } from '../records/image.ts';
import type { Images } from '../records/image-table.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { chooseRepository } from '../rotation/sample-repository.ts';
import type { Diagnosis } from './diagnosis.ts';

export interface CredentialCheckServices {
  acr: Acr;
  vault: Vault;
  images: Images;
  provePull: ProvePull;
}

/** Checks of the credential of Coder, and of the images that Coder could not read. */
export function credentialChecks({
  acr,
  vault,
  images,
  provePull,
}: CredentialCheckServices): Check<Diagnosis>[] {
  return [
    {
      name: 'coder-credential',
      truth: "The registry accepts Coder's credential.",
      needs: ['acr-exchange', 'credential-kind', 'key-vault-read'],
      appliesTo: ({ registry }) => givesLogin(registry.credential),
      async run({ registry, signal }) {
        const { loginServer, rotation } = registry;
        try {
          const login = await loginOf(registry, vault);
          if (!login) return unclear('Coder pulls with an identity of its own.');
          // A supplied credential may be for other repositories, so this tests only its password.
          const { current } = rotation;
          const isSupplied = current && credentialKind(current.declared.kind).supplied;
          const repository = isSupplied ? undefined : await chooseRepository(acr, registry, signal);
          const proof = await provePull({ loginServer, repository }, login, signal);
          if (proof.works) return fine(`${loginServer} accepts ${login.username}.`);
          return wrong('credential-refused', proof.message, renewal(registry));
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          // Other checks report whether the registry answers, and lets the bridge in.
          if (error.reason === 'registry-unavailable' || error.reason === 'network-denied') {
            return unclear(error.message);
          }
          return wrong(error.reason, error.message, renewal(registry));
        }
      },
    },
    {
      name: 'coder-pulls',
      truth: 'No image of this registry waits because Coder could not read it.',
      needs: ['registry-record', 'coder-reachable'],
      async run({ registry }) {
        for await (const image of images.unfinished(registry.name)) {
          if (image.reason !== 'coder-cannot-pull' && image.reason !== 'coder-rejected') continue;
          return explainPull(registry, image, image.reason);
        }
        return fine('No image waits because Coder could not read it.');
      },
    },
  ];
}

function renewal({ name, credential: { kind } }: StoredRegistry): string {
  if (!credentialKind(kind).issuer) return `PUT /api/registries/${name} with a password that works.`;
  return `The bridge renews it within a few minutes; POST /api/registries/${name}/rotate does so at once. If the error stays, see rotation.lastResult of GET /api/registries/${name}.`;
}

/** Coder's error message tells what no API of Coder shows: problems of its identity and its settings. */
function explainPull(
  { name, loginServer, credential }: StoredRegistry,
  image: ImageRecord,
  reason: 'coder-cannot-pull' | 'coder-rejected',
): Verdict {
  const message = `${formatReference(image)}: ${image.message}`;
  const replay = `POST /api/images/replay ${JSON.stringify({ registry: name, reason })}`;
  const found = (kind: string, remedy: string) => wrong(kind, message, `${remedy} To try again: ${replay}`);
  const guide = `GET /api/registries/${name}/setup?format=markdown`;
  if (/identity not found/i.test(image.message)) {
    const remedy = `Coder's pod has no identity: restart coderd, then compare the client id and the labels with those in ${guide}.`;
    return found('coder-identity-not-found', remedy);
  }
  if (!givesLogin(credential) && reason === 'coder-rejected') {
    const remedy =
      "Turn on Azure Container Registry authentication in Coder, under Manage > Admin > Infrastructure. If it is on, compare CODER_REGISTRY_KIND_FIELD and CODER_REGISTRY_KIND_ACR with Coder's API.";
    return found('acr-authentication-off', remedy);
  }
  if (/x509|certificate|self.signed/i.test(image.message)) {
    const remedy = `Coder does not trust the certificate of ${loginServer}: add the certificate authority to Coder, or remove the proxy between them.`;
    return found('coder-distrusts-registry', remedy);
  }
  return found(reason, remedyOf(reason) as string);
}
