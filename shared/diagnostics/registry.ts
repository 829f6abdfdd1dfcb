import ky from 'ky';
import type { Acr } from '../azure/acr/client.ts';
import { LISTER_IN_ABAC_MODE, READER_IN_ABAC_MODE } from '../azure/az-commands.ts';
import { ServiceError } from '../errors.ts';
import { boundedFetch } from '../lib/bounded-fetch.ts';
import { type Check, fine, unclear, type Verdict, type Wrong, wrong } from '../lib/check.ts';
import { once } from '../lib/once.ts';
import { remedyOf } from '../reasons.ts';
import { chooseRepository } from '../rotation/sample-repository.ts';
import { forPrincipal, missingRole } from './commands.ts';
import type { Diagnosis } from './diagnosis.ts';

export interface RegistryCheckServices {
  acr: Acr;
  exchange(loginServer: string, signal: AbortSignal): Promise<string>;
  now(): Date;
}

/** Entra and the registries tolerate about this much difference when they check the times in tokens. */
const MOST_SKEW_MS = 5 * 60_000;

/** Checks, at the registry itself, whether the bridge can read it. */
export function registryChecks({ acr, exchange, now }: RegistryCheckServices): Check<Diagnosis>[] {
  const sample = once(findSample);
  return [
    {
      name: 'acr-exchange',
      truth: "The registry exchanges the identity's Entra token for one of its own.",
      needs: ['login-server'],
      async run({ registry: { loginServer }, principalId, signal }) {
        try {
          await exchange(loginServer, signal);
          return fine(`${loginServer} accepts the identity's token.`);
        } catch (error) {
          return explainExchange(error, principalId);
        }
      },
    },
    {
      name: 'repository-list',
      truth: 'The registry lists its repositories to the bridge.',
      needs: ['acr-exchange'],
      async run(diagnosis) {
        const { loginServer } = diagnosis.registry;
        return readable(diagnosis, LISTER_IN_ABAC_MODE, async () => {
          await acr.checkAccess(loginServer, diagnosis.signal);
          return fine(`${loginServer} lists its repositories.`);
        });
      },
    },
    {
      name: 'tag-list',
      truth: 'The registry lists the tags of a repository to the bridge.',
      needs: ['repository-list'],
      async run(diagnosis) {
        return readable(diagnosis, READER_IN_ABAC_MODE, async () => {
          const { repository, tag } = await sample(acr, diagnosis);
          if (!repository) return fine('The registry has no repository that the policy names yet.');
          return fine(tag ? `${repository} has the tag ${tag}.` : `${repository} has no tag.`);
        });
      },
    },
    {
      name: 'manifest',
      truth: 'The registry shows the bridge what a tag points to.',
      needs: ['tag-list'],
      async run(diagnosis) {
        const { loginServer } = diagnosis.registry;
        return readable(diagnosis, READER_IN_ABAC_MODE, async () => {
          const { repository, tag } = await sample(acr, diagnosis);
          if (!repository || !tag) return fine('There is no image to check yet.');
          const source = { loginServer, repository, signal: diagnosis.signal };
          const found = await acr.getManifest(source, tag);
          return fine(`${repository}:${tag} is ${found?.digest ?? 'deleted by now'}.`);
        });
      },
    },
    {
      name: 'clock',
      truth: "The app's clock and that of the registry agree within five minutes.",
      needs: ['login-server'],
      async run({ registry: { loginServer }, signal }) {
        const date = await askTime(loginServer, signal);
        if (!date) return unclear(`${loginServer} did not send its time.`);
        const skewMs = now().getTime() - date.getTime();
        const seconds = Math.round(Math.abs(skewMs) / 1_000);
        const message = `The app's clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} that of ${loginServer}.`;
        if (Math.abs(skewMs) <= MOST_SKEW_MS) return fine(message);
        const remedy =
          'If the app runs on Azure, restart it: that moves it to another machine. On your own machine, run: timedatectl set-ntp true';
        return wrong('clock-off', message, remedy);
      },
    },
  ];
}

/** A tag to test reading with, of a repository that Coder will pull from. */
async function findSample(acr: Acr, { registry, signal }: Diagnosis) {
  const repository = await chooseRepository(acr, registry, signal);
  if (!repository) return {};
  for await (const { tag } of acr.listTags({ loginServer: registry.loginServer, repository, signal })) {
    return { repository, tag };
  }
  return { repository };
}

/** @param abacRole the role that reading it needs in ABAC mode; otherwise the role is AcrPull */
async function readable(
  { registry, askAzure, principalId }: Diagnosis,
  abacRole: string,
  read: () => Promise<Verdict>,
): Promise<Verdict> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.reason !== 'registry-unauthorized') return refused(error, principalId);
    const { abac } = await askAzure();
    const role = abac ? abacRole : 'AcrPull';
    return wrong(error.reason, error.message, missingRole(role, principalId, registry.resourceId));
  }
}

function explainExchange(error: unknown, principalId: string): Verdict {
  if (!(error instanceof ServiceError)) throw error;
  const verdict = refused(error, principalId);
  return error.reason === 'registry-unauthorized' ? { ...verdict, reason: 'token-not-taken' } : verdict;
}

function refused({ reason, message, remedy }: ServiceError, principalId: string): Wrong {
  return wrong(reason, message, forPrincipal(remedy ?? remedyOf(reason) ?? '', principalId));
}

/** The registry's clock, from its answer to a call without a token. */
async function askTime(loginServer: string, signal: AbortSignal): Promise<Date | undefined> {
  const answer = await ky
    .get(`https://${loginServer}/v2/`, {
      fetch: boundedFetch,
      throwHttpErrors: false,
      redirect: 'error',
      retry: 0,
      signal,
    })
    .catch(() => undefined);
  const date = new Date(answer?.headers.get('date') ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
