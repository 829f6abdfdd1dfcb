import type * as z from 'zod';
import type { ZodOpenApiOverrideContext } from 'zod-openapi';

/** Adds the constraints to a JSON schema that only check messages describe, and removes redundant keywords. */
export function stateConstraints({ zodSchema, jsonSchema }: ZodOpenApiOverrideContext): void {
  const messages = (zodSchema._zod.def.checks ?? []).flatMap(messageOf);
  if (messages.length > 0) {
    const texts = [jsonSchema.description, ...messages.map(text => `Constraint: ${text}.`)];
    jsonSchema.description = texts.filter(Boolean).join(' ');
  }
  // The format replaces the pattern, and the bounds are those of every number in JavaScript.
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** The messages of checks that JSON Schema cannot express. */
function messageOf({ _zod: { def } }: z.core.$ZodCheck): string[] {
  const message = def.check === 'custom' && def.error?.({} as never);
  return typeof message === 'string' ? [message] : [];
}
