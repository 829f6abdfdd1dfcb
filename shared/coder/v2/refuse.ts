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
  refuseSeveralRepositories,
  variableOf,
} from './destinations.ts';
import type { Organization, Organizations } from './organizations.ts';
import { refuseVariable } from './refuse-variable.ts';

export interface RefuseOptions {
  coder: V2Client;
  organizations: Organizations;
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
  const signal = timeLimit(LOOK_MS);
  const named = await Promise.all(declaredDestinations(declared).map(each => locate(options, each, signal)));
  const faults = [
    ...named.flatMap(destination => refuseSeveralRepositories(destination) ?? []),
    ...refuseTwice(named),
    ...(await refuseTaken(options, declared.name, named, signal)),
    ...(await refuseTemplates(options, named, signal)),
    ...(await refuseDelivery(declared, options.otherRegistries(declared.name), options.delivery)),
  ];
  // A destination beside the rules is looked at for each rule that it serves.
  const distinct = [...new Map(faults.map(fault => [JSON.stringify(fault), fault])).values()];
  if (distinct.length > 0) throw invalidRequest(distinct);
}

/** A destination with its organization, however the rule calls it. */
interface LocatedDestination extends DeclaredDestination {
  organization: Organization;
}

/** When Coder cannot be asked, the organization is what the rule calls it. */
async function locate(
  { organizations }: RefuseOptions,
  found: DeclaredDestination,
  signal: AbortSignal,
): Promise<LocatedDestination> {
  const called = found.destination.organization;
  const organization = await organizations.resolve(called, signal).catch((error: unknown) => {
    if (error instanceof ServiceError) return { id: called ?? '', name: called ?? '' };
    throw error;
  });
  return { ...found, organization };
}

/** The variable that a destination is about, as long as it is the same for every repository. */
function placeKey({ destination, organization }: LocatedDestination): string | undefined {
  const { template } = destination;
  const key = `${organization.id}/${template.toLowerCase()}/${variableOf(destination)}`;
  return template.includes('{name}') ? undefined : key;
}

/** Several rules, and registries, can fill one list. */
function areCatalogs(...found: readonly DeclaredDestination[]): boolean {
  return found.every(({ destination }) => destination.as === 'catalog');
}

function refuseTwice(destinations: readonly LocatedDestination[]): Fault[] {
  const first = new Map<string, DeclaredDestination>();
  return destinations.flatMap(found => {
    const key = placeKey(found);
    const other = key === undefined ? undefined : first.get(key);
    if (key !== undefined && !other) first.set(key, found);
    if (!other || areCatalogs(other, found)) return [];
    if (other.repository === found.repository && other.destination.as === found.destination.as) return [];
    const message = `names the same variable of the same template as ${other.path}, whose images are others; they would take turns in it`;
    return [{ path: found.path, message }];
  });
}

async function refuseTaken(
  options: RefuseOptions,
  name: string,
  destinations: readonly LocatedDestination[],
  signal: AbortSignal,
): Promise<Fault[]> {
  const taken = new Map<string, { name: string; other: DeclaredDestination }>();
  for await (const other of options.otherRegistries(name)) {
    for (const found of declaredDestinations(other)) {
      const key = placeKey(await locate(options, found, signal));
      if (key !== undefined) taken.set(key, { name: other.name, other: found });
    }
  }
  return destinations.flatMap(found => {
    const owner = taken.get(placeKey(found) ?? '');
    if (!owner || areCatalogs(owner.other, found)) return [];
    const message = `names a variable that the registry ${owner.name} sets already; they would take turns in it`;
    return [{ path: found.path, message }];
  });
}

/** Templates that can be looked at now. When Coder cannot be asked, the diagnosis of the registry tells. */
async function refuseTemplates(
  { coder }: RefuseOptions,
  destinations: readonly LocatedDestination[],
  signal: AbortSignal,
): Promise<Fault[]> {
  try {
    const faults = await Promise.all(destinations.map(found => refuseTemplate(coder, found, signal)));
    return faults.flatMap(fault => fault ?? []);
  } catch (error) {
    if (error instanceof ServiceError) return [];
    throw error;
  }
}

async function refuseTemplate(
  coder: V2Client,
  { destination, organization, path }: LocatedDestination,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const { template } = destination;
  if (template.includes('{name}')) return undefined;
  const found = await coder.findTemplate(organization.id, template, signal);
  if (!found) {
    const message = `is no template that Coder shows the bridge in the organization ${organization.name}`;
    return { path: `${path}.template`, message };
  }
  const refused = refuseVariable(
    variableOf(destination),
    await coder.listVariables(found.active_version_id, signal),
  );
  return refused && { path: `${path}.variable`, message: `does not serve: ${refused.message}` };
}
