import type { ScopeMapState } from '../azure/arm/tokens.ts';

// Several deployments of the bridge may use one registry. A scope map of each names the deployment that made it.

/** The end of a scope map's description. */
export function madeBy(deploymentId: string | undefined): string {
  return `by the Coder ACR Bridge, deployment ${deploymentId ?? 'local'}.`;
}

const MADE_BY = /by the Coder ACR Bridge, deployment (\S+)\.$/;

/**
 * Who made a scope map: this deployment; or another one, by its id; undefined when no deployment did, or an earlier
 * release that did not say so.
 */
export function makerOf(
  { description }: Pick<ScopeMapState, 'description'>,
  deploymentId: string | undefined,
): 'this' | { other: string } | undefined {
  const other = MADE_BY.exec(description)?.[1];
  if (description.endsWith(madeBy(deploymentId))) return 'this';
  return other === undefined ? undefined : { other };
}
