import { givesLogin } from '../../credentials/kinds.ts';
import { ServiceError } from '../../errors.ts';
import { type Check, fine, unclear, type Verdict, wrong } from '../../lib/check.ts';
import { once } from '../../lib/once.ts';
import type { SourceRegistry, TargetDiagnosis } from '../target.ts';
import type { ClassicClient } from './client.ts';
import { type ClassicRegistries, sameHost } from './registries.ts';

interface ClassicCheckOptions {
  coder: ClassicClient;
  registries: ClassicRegistries;
  /** Organization of registries that name none. */
  organizationId: string | undefined;
  acrKind: { field: string; value: string };
}

/** No registry of Coder has this id. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Coder itself: whether it answers, what our token may do there, and how it has the registry. */
export function classicChecks({
  coder,
  registries,
  organizationId,
  acrKind,
}: ClassicCheckOptions): Check<TargetDiagnosis>[] {
  /** Asks the one thing that any user may: what is wrong with that tells three of the checks. */
  const ask = once(async ({ registry, signal }: TargetDiagnosis): Promise<ServiceError | undefined> => {
    // The record is unknown while the tables are.
    const id = (registry as SourceRegistry | null)?.organizationId ?? organizationId ?? NOBODY;
    try {
      await coder.listRegistries(id, signal);
      return undefined;
    } catch (error) {
      if (error instanceof ServiceError) return error;
      throw error;
    }
  });

  async function addedByHand(registry: SourceRegistry, signal: AbortSignal) {
    const listed = await coder.listRegistries(registries.organizationOf(registry), signal);
    return listed.find(candidate => sameHost(candidate, registry));
  }

  return [
    {
      name: 'coder-reachable',
      truth: 'Coder answers at CODER_URL, with a certificate that the bridge trusts.',
      needs: ['key-vault-read'],
      async run(diagnosis) {
        const error = await ask(diagnosis);
        if (error?.reason === 'coder-unavailable') return explainReach(error, coder.host);
        if (error?.reason === 'coder-busy') {
          return wrong(error.reason, error.message, 'Wait a minute, and ask again.');
        }
        return fine(`${coder.host} answers.`);
      },
    },
    {
      name: 'coder-token',
      truth: "Coder accepts the bridge's session token.",
      needs: ['coder-reachable'],
      async run(diagnosis) {
        const error = await ask(diagnosis);
        if (error?.reason !== 'coder-unauthorized' || isForbidden(error))
          return fine('Coder accepts the session token.');
        return wrong(
          'coder-token-refused',
          error.message,
          newToken('If a proxy stands before Coder, check CODER_AUDIENCE too.'),
        );
      },
    },
    {
      name: 'coder-rights',
      truth: "The token's owner is a site manager, who may add and change registries.",
      needs: ['coder-token'],
      async run({ signal }) {
        try {
          // Coder says 404 to whoever may, and changes nothing.
          await coder.updateRegistry(NOBODY, {}, signal);
          return fine('The session token may change registries.');
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          if (error.reason !== 'coder-unauthorized') return unclear(error.message);
          const remedy = newToken(
            'Any other user may import images, but not add the registry that they are in.',
          );
          return wrong('coder-right-missing', error.message, remedy);
        }
      },
    },
    {
      name: 'coder-organization',
      truth: 'The organization that images are imported into exists.',
      needs: ['tables', 'coder-rights'],
      async run(diagnosis) {
        const error = await ask(diagnosis);
        const id = diagnosis.registry.organizationId ?? organizationId;
        if (error?.reason !== 'coder-rejected') return fine(`Images are imported into ${id}.`);
        const remedy = `Compare CODER_ORGANIZATION_ID, or organizationId of the registry, with the ids that Coder's page of the organization shows.`;
        return wrong('organization-unknown', `${error.message} (organization ${id})`, remedy);
      },
    },
    {
      name: 'coder-registry',
      truth: 'Coder has the registry as the bridge added it, with the right registry kind.',
      needs: ['coder-organization'],
      async run({ registry, signal }) {
        const ours = await registries.inspect(registry, signal);
        const found = ours === 'not-added' ? await addedByHand(registry, signal) : ours;
        if (!found) return fine('Coder gets the registry with its first image.');
        const again = `POST /api/registries/${registry.name}/reconcile adds it again with its images.`;
        if (found === 'gone') {
          const message = 'Somebody deleted the registry in Coder.';
          return wrong('registry-gone-from-coder', message, again);
        }
        if (!sameHost(found, registry)) {
          const message = `Coder has it as ${found.registry} in place of ${registry.loginServer}.`;
          const remedy = `Set the registry to ${registry.loginServer} in Coder, or rotate: POST /api/registries/${registry.name}/rotate`;
          return wrong('registry-edited-in-coder', message, remedy);
        }
        const isAcr = !givesLogin(registry.credential);
        const kind: unknown = found[acrKind.field];
        if (typeof kind === 'string' && (kind === acrKind.value) !== isAcr) {
          const message = `Coder has it with the registry kind ${kind}, which does not go with ${registry.credential.kind}.`;
          const remedy = `Coder cannot change the kind: delete the registry in Coder. ${again}`;
          return wrong('registry-kind-wrong', message, remedy);
        }
        return fine(`Coder has it as ${found.registry}${typeof kind === 'string' ? `, ${kind}` : ''}.`);
      },
    },
  ];
}

function newToken(note: string): string {
  const make =
    'Make a new token of a site manager with `coder tokens create`, store it in Key Vault as the secret that CODER_TOKEN_SECRET names, then POST /api/images/replay with the reason coder-unauthorized.';
  return `${make} ${note}`;
}

function isForbidden(error: ServiceError): boolean {
  return (error.cause as { response?: Response } | undefined)?.response?.status === 403;
}

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE = /CERT|UNABLE_TO_|SELF_SIGNED/;

/** Why Coder was not reached, from what the client met on the way. */
export function explainReach(error: ServiceError, host: string): Verdict {
  const code = codeOf(error);
  const { message } = error;
  if (CERTIFICATE.test(code)) {
    const remedy = `Give ${host} a certificate of a public authority for that name. On a machine of your own NODE_EXTRA_CA_CERTS can name a file with your authority; Flex Consumption has no place for one.`;
    return wrong('coder-certificate', `${message} (${code})`, remedy);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const remedy = `Check CODER_URL. Where ${host} is a name of a private zone, link that zone to the app's network.`;
    return wrong('coder-host-unknown', `${message} (${code})`, remedy);
  }
  if (/redirect|what its API promises/.test(message)) {
    const remedy =
      'Set CODER_URL to the address at which Coder itself answers. Where an Entra proxy stands before it, set CODER_AUDIENCE.';
    return wrong('coder-not-there', message, remedy);
  }
  const remedy = `Check that Coder is up, and that the app's network reaches ${host}.`;
  return wrong('coder-unavailable', message, remedy);
}

/** That of the first cause which has one. */
function codeOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return '';
}
