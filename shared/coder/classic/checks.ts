import { ServiceError } from '../../errors.ts';
import { type Check, fine, unclear, wrong } from '../../lib/check.ts';
import { once } from '../../lib/once.ts';
import { explainGeneration, explainReach, type OtherGeneration } from '../explain-unreachable.ts';
import type { SourceRegistry, TargetDiagnosis } from '../target.ts';
import type { ClassicClient } from './client.ts';
import { judgeKind } from './kind.ts';
import type { ClassicMemory } from './memory.ts';
import { type ClassicRegistries, sameHost } from './registries.ts';

interface ClassicCheckOptions {
  coder: ClassicClient;
  registries: ClassicRegistries;
  memory: ClassicMemory;
  /** Organization of registries that name none. */
  organizationId: string | undefined;
  acrKind: { field: string; value: string };
  v2: OtherGeneration;
}

/** An id that no registry in Coder has. */
const NO_REGISTRY = '00000000-0000-0000-0000-000000000000';

/** Checks of Coder: whether it answers, what the session token may do, and how it has the registry. */
export function classicChecks({
  coder,
  registries,
  memory,
  organizationId,
  acrKind,
  v2,
}: ClassicCheckOptions): Check<TargetDiagnosis>[] {
  /** Makes the one call that any user may make; its error gives the result of three checks. */
  const ask = once(async ({ registry, signal }: TargetDiagnosis): Promise<ServiceError | undefined> => {
    // Without the tables, the registry's record is unknown.
    const id = (registry as SourceRegistry | null)?.organizationId ?? organizationId ?? NO_REGISTRY;
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
      truth:
        'The Coder that CODER_GENERATION names answers at CODER_URL, with a certificate that the bridge trusts.',
      needs: ['key-vault-read'],
      async run(diagnosis) {
        const error = await ask(diagnosis);
        const other = error && (await explainGeneration(error, v2, coder.host, diagnosis.signal));
        if (other) return other;
        if (error?.reason === 'coder-unavailable') return explainReach(error, coder.host);
        if (error?.reason === 'coder-busy') {
          return wrong(error.reason, error.message, 'Wait a minute, then run the checks again.');
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
          newToken('If a proxy is in front of Coder, check CODER_AUDIENCE too.'),
        );
      },
    },
    {
      name: 'coder-rights',
      truth: "The token's owner is a site manager, who may add and change registries.",
      needs: ['coder-token'],
      async run({ signal }) {
        try {
          // Coder answers 404 to users who have the right, and changes nothing.
          await coder.updateRegistry(NO_REGISTRY, {}, signal);
          return fine('The session token may change registries.');
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          if (error.reason !== 'coder-unauthorized') return unclear(error.message);
          const remedy = newToken('Any other user may import images, but cannot add their registry.');
          return wrong('coder-right-missing', error.message, remedy);
        }
      },
    },
    {
      name: 'coder-organization',
      truth: 'The organization that images are imported into exists.',
      needs: ['registry-record', 'coder-rights'],
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
          const message = 'The registry was deleted in Coder.';
          return wrong('registry-gone-from-coder', message, again);
        }
        if (!sameHost(found, registry)) {
          const message = `Coder has it as ${found.registry} in place of ${registry.loginServer}.`;
          const remedy = `Set the registry to ${registry.loginServer} in Coder, or rotate: POST /api/registries/${registry.name}/rotate`;
          return wrong('registry-edited-in-coder', message, remedy);
        }
        return judgeKind({ coder, memory, registries, acrKind }, registry, found);
      },
    },
  ];
}

function newToken(note: string): string {
  const make =
    'Create a token as a site manager with `coder tokens create`, store it in Key Vault as the secret that CODER_TOKEN_SECRET names, then POST /api/images/replay with the reason coder-unauthorized.';
  return `${make} ${note}`;
}

function isForbidden(error: ServiceError): boolean {
  return (error.cause as { response?: Response } | undefined)?.response?.status === 403;
}
