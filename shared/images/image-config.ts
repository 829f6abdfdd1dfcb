import * as z from 'zod';
import { text } from '../lib/lenient.ts';
import { formatPlatform } from './platform.ts';

/** Labels are texts; numbers and booleans count as what they would be as texts, and anything else as absent. */
const Labels = z
  .record(z.string(), z.unknown())
  .transform(labels =>
    Object.fromEntries(
      Object.entries(labels).flatMap(([name, value]) =>
        ['string', 'number', 'boolean'].includes(typeof value) ? [[name, String(value)]] : [],
      ),
    ),
  );

/** The parts of an image's configuration that the bridge reads. A part that cannot be read is absent. */
export const ImageConfig = z
  .object({
    os: text,
    architecture: text,
    variant: text,
    config: z
      .object({ Labels: Labels.optional().catch(undefined) })
      .optional()
      .catch(undefined),
  })
  .catch({ os: undefined, architecture: undefined, variant: undefined, config: undefined });
export type ImageConfig = z.infer<typeof ImageConfig>;

/** The platform that an image's configuration names, if it names one. */
export function platformOf(config: ImageConfig | null | undefined): string | undefined {
  return config ? formatPlatform(config) : undefined;
}

export function labelsOf(config: ImageConfig | null | undefined): Readonly<Record<string, string>> {
  return config?.config?.Labels ?? {};
}
