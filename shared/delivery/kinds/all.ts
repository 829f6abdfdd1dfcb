import * as z from 'zod';
import type { DeclaredDelivery } from '../../credentials/holder.ts';
import type { DeliveryKind } from '../kind.ts';
import { keyVaultDelivery } from './key-vault.ts';
import { kubernetesDelivery } from './kubernetes.ts';
import { noDelivery } from './none.ts';
import { pullDelivery } from './pull.ts';

/** Every kind of delivery. To add one, add a line here and a file in kinds/. */
const KINDS = [noDelivery, keyVaultDelivery, kubernetesDelivery, pullDelivery];
type Input = (typeof KINDS)[number]['input'];

const BY_NAME = new Map<string, DeliveryKind<DeclaredDelivery>>(
  KINDS.map(kind => [kind.input.shape.kind.value, kind as DeliveryKind<DeclaredDelivery>]),
);

/** How workspaces of Coder v2 get what they pull with, as a person declares it. */
export const Delivery = z.discriminatedUnion('kind', KINDS.map(({ input }) => input) as [Input, ...Input[]], {
  error: ({ code }): string | undefined =>
    code === 'invalid_union' ? `must be one of ${[...BY_NAME.keys()].join(', ')}` : undefined,
});
export type Delivery = z.infer<typeof Delivery>;

const NONE: DeclaredDelivery = { kind: 'none' };

/** What is declared of a registry, and its implementation. */
export function deliveryOf({ delivery = NONE }: { delivery?: DeclaredDelivery | undefined }): {
  declared: DeclaredDelivery;
  kind: DeliveryKind<DeclaredDelivery>;
} {
  const kind = BY_NAME.get(delivery.kind);
  if (!kind) throw new Error(`There is no delivery of kind ${delivery.kind}.`);
  return { declared: delivery, kind };
}
