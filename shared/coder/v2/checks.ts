import { ServiceError } from '../../errors.ts';
import { type Check, fine, unclear, type Verdict, wrong } from '../../lib/check.ts';
import { once } from '../../lib/once.ts';
import { explainGeneration, explainReach, type OtherGeneration } from '../reach.ts';
import type { TargetDiagnosis } from '../target.ts';
import type { RightToCheck, V2Client } from './client.ts';
import { refuseVariable } from './decide.ts';
import { type DeclaredDestination, declaredDestinations } from './destinations.ts';

export interface V2CheckOptions {
  coder: V2Client;
  /** Organization of destinations that name none. */
  organization: string;
  /** Name of the secret that holds the session token. */
  tokenSecret: string;
  sessionToken(): Promise<string>;
  now: () => Date;
  classic: OtherGeneration;
}

const OLDEST = { major: 2, minor: 24 };
const WARN_DAYS = 7;
const DAY_MS = 86_400_000;

/** Coder itself: whether it answers, what our token may do there, and whether it has the templates. */
export function v2Checks({
  coder,
  organization,
  tokenSecret,
  sessionToken,
  now,
  classic,
}: V2CheckOptions): Check<TargetDiagnosis>[] {
  const me = once((signal: AbortSignal) => coder.me(signal));
  const makeToken = `Make a token of a user with the role organization-template-admin (coder tokens create --name acr-bridge --lifetime 8760h), and store it in Key Vault as the secret ${tokenSecret}.`;
  const named = ({ registry }: TargetDiagnosis) =>
    declaredDestinations(registry).filter(({ destination }) => !destination.template.includes('{name}'));

  return [
    {
      name: 'coder-reachable',
      truth:
        'The Coder that CODER_GENERATION names answers at CODER_URL, with a certificate that the bridge trusts.',
      needs: ['key-vault-read'],
      run: ({ signal }) => reach(coder, classic, signal),
    },
    {
      name: 'coder-token',
      truth: "Coder accepts the bridge's session token.",
      needs: ['coder-reachable'],
      async run({ signal }) {
        try {
          const { username } = await me(signal);
          return fine(`Coder knows the bridge as ${username}.`);
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          if (error.reason !== 'coder-unauthorized') return unclear(error.message);
          return wrong('coder-token-refused', error.message, makeToken);
        }
      },
    },
    {
      name: 'coder-token-lifetime',
      truth: 'The session token does not end within a week.',
      needs: ['coder-token'],
      async run({ signal }) {
        const key = await coder.key((await sessionToken()).split('-')[0] as string, signal);
        if (!key) return unclear('Coder does not show when the token ends.');
        const days = Math.floor((key.expires_at.getTime() - now().getTime()) / DAY_MS);
        const message = `The token ends on ${key.expires_at.toISOString()}, in ${days} days.`;
        return days < WARN_DAYS ? wrong('coder-token-ends-soon', message, makeToken) : fine(message);
      },
    },
    {
      name: 'templates-named',
      truth: 'A rule, or the registry, says which template images go to.',
      needs: ['tables', 'coder-token'],
      async run(diagnosis) {
        const { length } = declaredDestinations(diagnosis.registry);
        if (length > 0) return fine(`Images go to ${length} ${length === 1 ? 'place' : 'places'}.`);
        const remedy = `PUT /api/registries/${diagnosis.registry.name} with templates, such as "templates": [{"template": "kubernetes"}].`;
        return wrong('no-template', 'No image of this registry goes to any template.', remedy);
      },
    },
    {
      name: 'template-exists',
      truth: 'Coder shows the bridge each template, and none is deprecated.',
      needs: ['templates-named'],
      run: diagnosis =>
        forEach(named(diagnosis), async ({ destination }) => {
          const { template, organization: own = organization } = destination;
          const found = await coder.findTemplate(own, template, diagnosis.signal);
          if (!found) {
            const message = `Coder shows the bridge no template ${template} in the organization ${own}.`;
            const remedy = `Compare with: coder templates list\nGive the bridge's user the role organization-template-admin, or the role admin on the template.`;
            return wrong('template-missing', message, remedy);
          }
          if (!found.deprecated) return undefined;
          const message = `The template ${template} is deprecated: ${found.deprecation_message}`;
          return wrong(
            'template-deprecated',
            message,
            'Name its successor in the policy, or take the deprecation back.',
          );
        }),
    },
    {
      name: 'template-variable',
      truth: 'Each template declares the variable, as a string that is not sensitive.',
      needs: ['template-exists'],
      run: diagnosis =>
        forEach(named(diagnosis), async ({ destination }) => {
          const { template, organization: own = organization, variable = 'image' } = destination;
          const found = await coder.findTemplate(own, template, diagnosis.signal);
          const variables = found ? await coder.listVariables(found.active_version_id, diagnosis.signal) : [];
          const refused = refuseVariable(variable, variables);
          if (!refused) return undefined;
          const remedy = `Add to the template ${template}, and push it: variable "${variable}" { type = string }`;
          return wrong(refused.reason, `${template}: ${refused.message}`, remedy);
        }),
    },
    {
      name: 'coder-rights',
      truth: 'The token may make and promote versions of each template.',
      needs: ['template-exists'],
      run: diagnosis => checkRights(coder, organization, named(diagnosis), diagnosis.signal),
    },
    {
      name: 'template-builds',
      truth: 'A provisioner that Coder has seen lately has the tags of each template.',
      needs: ['template-exists'],
      run: diagnosis => checkProvisioners(coder, organization, named(diagnosis), diagnosis.signal, now),
    },
  ];
}

async function reach(coder: V2Client, classic: OtherGeneration, signal: AbortSignal): Promise<Verdict> {
  try {
    const { version } = await coder.buildInfo(signal);
    const [, major = 0, minor = 0] = /v?(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
    if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) {
      return fine(`${coder.host} answers as Coder ${version}.`);
    }
    return unclear(`${coder.host} is Coder ${version}; the bridge was made for 2.24 and later.`);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.reason === 'coder-busy')
      return wrong(error.reason, error.message, 'Wait a minute, and ask again.');
    const other = await explainGeneration(error, classic, coder.host, signal);
    return other ?? explainReach(error, coder.host);
  }
}

/** The first verdict that is not fine. */
async function forEach(
  destinations: readonly DeclaredDestination[],
  look: (found: DeclaredDestination) => Promise<Verdict | undefined>,
): Promise<Verdict> {
  try {
    for (const found of destinations) {
      const verdict = await look(found);
      if (verdict) return verdict;
    }
    const names = [...new Set(destinations.map(({ destination }) => destination.template))];
    return fine(
      names.length > 0 ? `So it is with ${names.join(', ')}.` : 'Only names with {name} in them are used.',
    );
  } catch (error) {
    if (error instanceof ServiceError) return unclear(error.message);
    throw error;
  }
}

function checkRights(
  coder: V2Client,
  organization: string,
  destinations: readonly DeclaredDestination[],
  signal: AbortSignal,
): Promise<Verdict> {
  return forEach(destinations, async ({ destination }) => {
    const { template, organization: own = organization } = destination;
    const found = await coder.findTemplate(own, template, signal);
    if (!found) return undefined;
    const object = {
      resource_type: 'template',
      organization_id: found.organization_id,
      resource_id: found.id,
    };
    const checks: Record<string, RightToCheck> = {
      read: { object, action: 'read' },
      create: { object, action: 'create' },
      update: { object, action: 'update' },
    };
    const rights = await coder.authCheck(checks, signal);
    const missing = Object.keys(checks).filter(action => !rights[action]);
    if (missing.length === 0) return undefined;
    const message = `The token lacks template:${missing.join(', template:')} on ${template}.`;
    const remedy = `Give the bridge's user the role: coder organizations members edit-roles USER organization-template-admin\nWith a licence the role admin on the template alone is enough. A token with scopes needs template:read, template:create, template:update, organization:read and user:read.`;
    return wrong('coder-right-missing', message, remedy);
  });
}

const SEEN_WITHIN_MS = 2 * 60_000;

function checkProvisioners(
  coder: V2Client,
  organization: string,
  destinations: readonly DeclaredDestination[],
  signal: AbortSignal,
  now: () => Date,
): Promise<Verdict> {
  return forEach(destinations, async ({ destination }) => {
    const { template, organization: own = organization } = destination;
    const [found, daemons] = await Promise.all([
      coder.findTemplate(own, template, signal),
      coder.listProvisioners(own, signal),
    ]);
    const active = found && (await coder.getVersion(found.active_version_id, signal));
    const wanted = Object.entries(active?.job.tags ?? {}).filter(
      ([name, value]) => name !== 'owner' && value,
    );
    const fits = daemons.some(({ tags, last_seen_at }) => {
      const isSeen = Date.parse(last_seen_at ?? '') > now().getTime() - SEEN_WITHIN_MS;
      return isSeen && wanted.every(([name, value]) => tags?.[name] === value);
    });
    if (fits) return undefined;
    const tags = wanted.map(([name, value]) => `${name}=${value}`).join(' ');
    const message = `No provisioner with the tags ${tags} of ${template} was seen in the last two minutes.`;
    return wrong(
      'no-provisioner',
      message,
      `Start one: coder provisioner start --tag ${tags.replaceAll(' ', ' --tag ')}`,
    );
  });
}
