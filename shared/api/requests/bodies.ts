import * as z from 'zod';
import { isRepository, isTag } from '../../policy/reference.ts';
import { IMAGE_REASONS, REASONS } from '../../reasons.ts';
import { RegistryInput, RegistryName } from '../../records/registry.ts';

const readOnly = z.unknown().optional().describe('Read-only; ignored.');

/** The declaration of a registry. A client may change the answer of GET and send it back. */
export const RegistryBody = RegistryInput.extend({
  name: readOnly,
  loginServer: readOnly,
  sku: readOnly,
  rotation: readOnly,
  lastEventOn: readOnly,
  createdOn: readOnly,
  updatedOn: readOnly,
}).transform(
  ({
    name: _n,
    loginServer: _l,
    sku: _s,
    rotation: _r,
    lastEventOn: _e,
    createdOn: _c,
    updatedOn: _u,
    ...input
  }): RegistryInput => input,
);

const UNFINISHED_REASONS = IMAGE_REASONS.filter(reason =>
  ['pending', 'failed'].includes(REASONS[reason].state),
);

/**
 * What to try again: one image, or all `failed` and `pending` images of a registry, limited to a reason if one is
 * given.
 */
export const ReplayInput = z
  .strictObject({
    registry: RegistryName,
    repository: z
      .string()
      .refine(isRepository, 'must be an OCI repository name, such as team/app')
      .optional(),
    tag: z.string().refine(isTag, 'must be an OCI tag, such as v1').optional(),
    reason: z.enum(UNFINISHED_REASONS, `must be one of ${UNFINISHED_REASONS.join(', ')}`).optional(),
  })
  .refine(
    ({ repository, tag }) => (repository === undefined) === (tag === undefined),
    'needs both repository and tag, or neither',
  )
  .refine(
    ({ tag, reason }) => tag === undefined || reason === undefined,
    'takes a reason only without a tag',
  );
