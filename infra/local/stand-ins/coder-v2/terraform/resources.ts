import { asNumber } from '../hcl/operators.ts';
import { isMap, textOf, type Value } from '../hcl/value.ts';
import type { Evaluation } from './evaluation.ts';

/** A `coder_agent`: what reports to Coder from inside a workspace. */
export interface AgentPlan {
  name: string;
  os: string;
  arch: string;
  /** Seconds. */
  connectionTimeout: number;
}

/** The provider's own. */
const STANDARD_TIMEOUT = 120;

export function agentsOf(evaluation: Evaluation): AgentPlan[] {
  return evaluation.resources('coder_agent').map(({ name, value }) => ({
    name,
    os: textOf(value.os) ?? '',
    arch: textOf(value.arch) ?? '',
    connectionTimeout: asNumber(value.connection_timeout) ?? STANDARD_TIMEOUT,
  }));
}

/** Values of every attribute `image` in a resource, however deep. */
export function imagesOf(evaluation: Evaluation): string[] {
  return [...new Set(evaluation.resources().flatMap(({ value }) => imagesIn(value)))];
}

function imagesIn(value: Value): string[] {
  if (Array.isArray(value)) return value.flatMap(imagesIn);
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'image' && typeof inner === 'string' ? [inner] : imagesIn(inner),
  );
}
