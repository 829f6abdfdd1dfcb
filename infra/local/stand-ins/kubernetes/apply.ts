import * as z from 'zod';
import type { StandInResponse } from '../../stand-in-messages.ts';
import { type AppliedFields, emptySecret, fieldsOf, type StoredSecret } from './secret.ts';
import { refuse } from './status.ts';

/** The fields of a Secret that are read here; the API server takes more. */
export const SecretManifest = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Secret'),
  metadata: z.strictObject({
    name: z.string(),
    namespace: z.string().optional(),
    resourceVersion: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  type: z.string().optional(),
  data: z.record(z.string(), z.base64()).optional(),
});
export type SecretManifest = z.infer<typeof SecretManifest>;

export interface Apply {
  manifest: SecretManifest;
  manager: string;
  force: boolean;
}

const PULL_SECRET = 'kubernetes.io/dockerconfigjson';

/**
 * The Secret after a server-side apply: https://kubernetes.io/docs/reference/using-api/server-side-apply/
 * @param found undefined when the apply creates it
 */
export function applied(
  found: StoredSecret | undefined,
  { manifest, manager, force }: Apply,
  namespace: string,
  now: Date,
): StoredSecret | StandInResponse {
  const { name, resourceVersion, labels = {} } = manifest.metadata;
  const wanted: AppliedFields = { type: manifest.type, labels, data: manifest.data ?? {} };
  if (resourceVersion !== undefined && resourceVersion !== String(found?.resourceVersion)) {
    return refuse(
      409,
      `Operation cannot be fulfilled on secrets "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    );
  }
  const conflict = found && !force ? conflictOf(found, wanted, manager) : undefined;
  if (conflict) return conflict;
  const merged = merge(found ?? emptySecret(namespace, name, now, wanted.type), wanted, manager);
  return invalid(found, merged) ?? merged;
}

/** The fields with another value that others manage. */
function conflictOf(
  found: StoredSecret,
  wanted: AppliedFields,
  manager: string,
): StandInResponse | undefined {
  const present = fieldsOf(found);
  const conflicts = [...found.managed]
    .filter(([other]) => other !== manager)
    .flatMap(([other, fields]) =>
      [...fieldsOf(wanted)]
        .filter(([field, value]) => fields.has(field) && present.get(field) !== value)
        .map(([field]) => `conflict with "${other}" using v1: ${field}`),
    );
  if (conflicts.length === 0) return undefined;
  const count = `${conflicts.length} conflict${conflicts.length > 1 ? 's' : ''}`;
  return refuse(409, `Apply failed with ${count}: ${conflicts.join('\n')}`);
}

/** Fields that the manager applied before, and leaves out now, go unless another one manages them. */
function merge(found: StoredSecret, wanted: AppliedFields, manager: string): StoredSecret {
  const merged: StoredSecret = structuredClone(found);
  const applies = fieldsOf(wanted);
  const left = [...(merged.managed.get(manager) ?? [])].filter(field => !applies.has(field));
  const others = [...merged.managed].filter(([other]) => other !== manager);
  for (const field of left.filter(one => !others.some(([, fields]) => fields.has(one))))
    remove(merged, field);
  const present = fieldsOf(found);
  for (const [, fields] of others) {
    for (const [field, value] of applies) if (present.get(field) !== value) fields.delete(field);
  }
  for (const [other, fields] of others) if (fields.size === 0) merged.managed.delete(other);
  merged.managed.set(manager, new Set(applies.keys()));
  if (wanted.type !== undefined) merged.type = wanted.type;
  Object.assign(merged.labels, wanted.labels);
  Object.assign(merged.data, wanted.data);
  return merged;
}

function remove({ labels, data }: StoredSecret, field: string): void {
  delete labels[field.replace('.metadata.labels.', '')];
  delete data[field.replace('.data.', '')];
}

/** https://kubernetes.io/docs/concepts/configuration/secret/ */
function invalid(found: StoredSecret | undefined, merged: StoredSecret): StandInResponse | undefined {
  const refuseField = (text: string) => refuse(422, `Secret "${merged.name}" is invalid: ${text}`);
  if (found && found.type !== merged.type)
    return refuseField(`type: Invalid value: "${merged.type}": field is immutable`);
  const isChanged = JSON.stringify(found?.data) !== JSON.stringify(merged.data);
  if (found?.immutable && isChanged)
    return refuseField('data: Forbidden: field is immutable when `immutable` is set');
  if (merged.type !== PULL_SECRET) return undefined;
  const content = merged.data['.dockerconfigjson'];
  if (content === undefined) return refuseField('data[.dockerconfigjson]: Required value');
  return isJson(content)
    ? undefined
    : refuseField('data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": not JSON');
}

function isJson(base64: string): boolean {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString());
    return true;
  } catch {
    return false;
  }
}
