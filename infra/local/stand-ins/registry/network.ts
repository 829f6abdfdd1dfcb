import * as z from 'zod';
import type { Route } from '../../stand-in.ts';
import { networkDenied } from './oci-error.ts';
import { steered } from './steering.ts';

/** The network rules of a registry. */
export interface Network {
  /** The same routes, which refuse all clients while the rules deny access. */
  guard(routes: readonly Route[]): Route[];
  routes: Route[];
}

/** https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks */
export function createNetwork(): Network {
  let isDenied = false;
  return {
    guard: routes =>
      routes.map(route => ({
        ...route,
        handle: request => (isDenied ? networkDenied() : route.handle(request)),
      })),
    routes: steered('network', z.strictObject({ defaultAction: z.enum(['Allow', 'Deny']) }), {
      set({ defaultAction }) {
        isDenied = defaultAction === 'Deny';
      },
      clear() {
        isDenied = false;
      },
    }),
  };
}
