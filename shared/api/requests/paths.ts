import * as z from 'zod';
import { isRepository, parseReference } from '../../policy/reference.ts';
import { RegistryName } from '../../records/registry.ts';

/** The registry of `npm start`, for the document's examples. */
const registryInPath = RegistryName.meta({ param: { example: 'contoso' } });

/** The path of a registry. */
export const RegistryPath = z.strictObject({ name: registryInPath });

const CATCH_ALL = 'Slashes need no escaping: `/images/contoso/team/app:v1`. `%2F` works too.';

/** The path of one image record, or of a repository. */
export const ImagePath = z.strictObject({
  registry: registryInPath,
  reference: z
    .string({ error: 'must be repository:tag, or a repository' })
    .transform((text, context): { repository: string; tag?: string } => {
      // Whether the platform decodes an escaped slash depends on its front end. No name contains a `%`.
      const name = text.replace(/%2f/gi, '/');
      const reference = parseReference(name);
      if (reference) return reference;
      if (isRepository(name)) return { repository: name };
      context.addIssue({
        code: 'custom',
        message: 'must be repository:tag, such as team/app:v1, or a repository',
      });
      return z.NEVER;
    })
    .meta({ param: { description: CATCH_ALL, example: 'samples/workspace:v1' } }),
});
