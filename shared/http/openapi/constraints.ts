import type * as z from 'zod';
import type { ZodOpenApiOverrideContext } from 'zod-openapi';

/** Adds to a JSON schema what only the messages of its checks say, and takes out what says nothing more. */
export function stateConstraints({ zodSchema, jsonSchema }: ZodOpenApiOverrideContext): void {
  const messages = (zodSchema._zod.def.checks ?? []).flatMap(messageOf);
  if (messages.length > 0) {
    const texts = [jsonSchema.description, ...messages.map(text => `Fault otherwise: ${text}.`)];
    jsonSchema.description = texts.filter(Boolean).join(' ');
  }
  // The format says it in one word, and the bounds are those of any number in JavaScript.
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** What a check says that JSON Schema has no words for. */
function messageOf({ _zod: { def } }: z.core.$ZodCheck): string[] {
  const message = def.check === 'custom' && def.error?.({} as never);
  return typeof message === 'string' ? [message] : [];
}
