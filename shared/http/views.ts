import type { ImageRecord } from '../images.ts';
import { REASONS, remedyOf } from '../reasons.ts';
import { formatReference } from '../reference.ts';
import type { StoredRegistry } from '../registry.ts';

/** A registry as callers see it: as it was declared, and what Azure added. Where secrets are is left out. */
export function registryView(registry: StoredRegistry) {
  const { name, resourceId, loginServer, sku, organizationId, credential, policy, createdOn, updatedOn } =
    registry;
  return {
    name,
    resourceId,
    loginServer,
    sku,
    ...(organizationId && { organizationId }),
    credential: {
      kind: credential.kind,
      ...(credential.kind === 'static' && { username: credential.username }),
    },
    policy,
    createdOn,
    updatedOn,
  };
}

/** An image record as callers see it, with the way out when there is something to do. */
export function imageView(record: ImageRecord) {
  const { registry, repository, tag, state, reason, message, digest, attempts, dueOn, pushedOn, importedOn } =
    record;
  const remedy = remedyOf(reason);
  return {
    registry,
    repository,
    tag,
    reference: formatReference(record),
    ...(digest && { digest }),
    state,
    reason,
    message,
    ...(state !== 'imported' && { meaning: REASONS[reason].meaning }),
    ...(remedy && { remedy }),
    ...(attempts > 0 && { attempts }),
    ...(dueOn && { nextAttemptOn: dueOn }),
    pushedOn,
    ...(importedOn && { importedOn }),
    updatedOn: record.updatedOn,
    ...(record.coderImageId && { coderImageId: record.coderImageId }),
  };
}
