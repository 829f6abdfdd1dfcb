import type { DeclaredDelivery } from '../credentials/holder.ts';
import { givesLogin } from '../credentials/kinds/all.ts';
import type { Declared } from '../credentials/state.ts';
import type { Fault } from '../errors.ts';
import type { RefuseContext } from './kind.ts';
import { deliveryOf } from './kinds/all.ts';
import { refuseRefresh } from './refresh.ts';

interface Delivering {
  name: string;
  credential: Declared;
  delivery?: DeclaredDelivery | undefined;
}

/** Everything that is wrong with how a registry's credential is to be delivered. */
export async function refuseDelivery(
  registry: Delivering,
  others: AsyncIterable<Delivering>,
  context: RefuseContext,
): Promise<Fault[]> {
  const { declared, kind } = deliveryOf(registry);
  const { credential } = registry;
  if (kind.needsLogin && !givesLogin(credential)) {
    const message = `has nothing to deliver: a credential of kind ${credential.kind} has no user name and password. Declare "none", or another credential`;
    return [{ path: 'delivery.kind', message }];
  }
  const refresh = kind.refreshMinutes?.(declared);
  return [
    ...(kind.refuse?.(declared, context) ?? []),
    ...(refresh === undefined ? [] : refuseRefresh(refresh, credential)),
    ...(await refuseTaken(registry, others)),
  ];
}

/** Two registries that deliver to one place would write over each other. */
async function refuseTaken(registry: Delivering, others: AsyncIterable<Delivering>): Promise<Fault[]> {
  const names = placesOf(registry);
  if (names.length === 0) return [];
  const faults: Fault[] = [];
  for await (const other of others) {
    const taken = placesOf(other).filter(name => names.includes(name));
    for (const name of taken) {
      const message = `names the ${name}, which has the credential of the registry ${other.name}`;
      faults.push({ path: 'delivery.secret', message });
    }
  }
  return faults;
}

function placesOf(registry: Delivering): string[] {
  const { declared, kind } = deliveryOf(registry);
  return kind.place?.namesOf(declared) ?? [];
}
