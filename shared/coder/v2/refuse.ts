import type { DeclaredDelivery } from '../../credentials/holder.ts';
import type { Declared as DeclaredCredential } from '../../credentials/state.ts';
import type { RefuseContext } from '../../delivery/kind.ts';
import { refuseDelivery } from '../../delivery/refuse.ts';
import { type Fault, invalidRequest, ServiceError } from '../../errors.ts';
import { timeLimit } from '../../lib/time-limit.ts';
import type { V2Client } from './client.ts';
import {
  type Declared,
  type DeclaredDestination,
  declaredDestinations,
  placeKey,
  refuseSeveralRepositories,
} from './destinations.ts';
import { refuseVariable } from './refuse-variable.ts';

export interface RefuseOptions {
  coder: V2Client;
  /** Organization of destinations that name none. */
  organization: string;
  /** The other registries that were added. */
  otherRegistries(name: string): AsyncIterable<RefusableRegistry>;
  delivery: RefuseContext;
}

/** What is declared of a registry, as far as it may be refused. */
export interface RefusableRegistry extends Declared {
  name: string;
  credential: DeclaredCredential;
  delivery?: DeclaredDelivery | undefined;
}

/** How long Coder is asked about templates before a registry is stored. */
const LOOK_MS = 10_000;

/**
 * Says everything at once that keeps a registry's images from their templates, and its credential from workspaces.
 * @throws RefusedError `invalid-request`
 */
export async function refuseRegistry(options: RefuseOptions, declared: RefusableRegistry): Promise<void> {
  const destinations = declaredDestinations(declared);
  const faults = [
    ...destinations.flatMap(destination => refuseSeveralRepositories(destination) ?? []),
    ...refuseTwice(options, destinations),
    ...(await refuseTaken(options, declared.name, destinations)),
    ...(await refuseTemplates(options, destinations)),
    ...(await refuseDelivery(declared, options.otherRegistries(declared.name), options.delivery)),
  ];
  // A destination beside the rules is looked at for each rule that it serves.
  const distinct = [...new Map(faults.map(fault => [JSON.stringify(fault), fault])).values()];
  if (distinct.length > 0) throw invalidRequest(distinct);
}

function refuseTwice({ organization }: RefuseOptions, destinations: readonly DeclaredDestination[]): Fault[] {
  const first = new Map<string, DeclaredDestination>();
  return destinations.flatMap(found => {
    const key = placeKey(found.destination, organization);
    const other = key === undefined ? undefined : first.get(key);
    if (key !== undefined && !other) first.set(key, found);
    if (!other || other.repository === found.repository) return [];
    const message = `names the same variable of the same template as ${other.path}, whose images are others; they would take turns in it`;
    return [{ path: found.path, message }];
  });
}

async function refuseTaken(
  { otherRegistries, organization }: RefuseOptions,
  name: string,
  destinations: readonly DeclaredDestination[],
): Promise<Fault[]> {
  const taken = new Map<string, string>();
  for await (const other of otherRegistries(name)) {
    for (const { destination } of declaredDestinations(other)) {
      const key = placeKey(destination, organization);
      if (key !== undefined) taken.set(key, other.name);
    }
  }
  return destinations.flatMap(({ destination, path }) => {
    const owner = taken.get(placeKey(destination, organization) ?? '');
    if (!owner) return [];
    return [
      {
        path,
        message: `names a variable that the registry ${owner} sets already; they would take turns in it`,
      },
    ];
  });
}

/** Templates that can be looked at now. When Coder cannot be asked, the diagnosis of the registry tells. */
async function refuseTemplates(
  { coder, organization }: RefuseOptions,
  destinations: readonly DeclaredDestination[],
): Promise<Fault[]> {
  const signal = timeLimit(LOOK_MS);
  try {
    const faults = await Promise.all(
      destinations.map(found => refuseTemplate(coder, organization, found, signal)),
    );
    return faults.flatMap(fault => fault ?? []);
  } catch (error) {
    if (error instanceof ServiceError) return [];
    throw error;
  }
}

async function refuseTemplate(
  coder: V2Client,
  defaultOrganization: string,
  { destination, path }: DeclaredDestination,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const { template, organization = defaultOrganization, variable = 'image' } = destination;
  if (template.includes('{name}')) return undefined;
  const found = await coder.findTemplate(organization, template, signal);
  if (!found) {
    const message = `is no template that Coder shows the bridge in the organization ${organization}`;
    return { path: `${path}.template`, message };
  }
  const refused = refuseVariable(variable, await coder.listVariables(found.active_version_id, signal));
  return refused && { path: `${path}.variable`, message: `does not serve: ${refused.message}` };
}
