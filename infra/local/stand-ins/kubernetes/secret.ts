import { randomUUID } from 'node:crypto';

/** A Secret, with the managers of its fields. */
export interface StoredSecret {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: number;
  createdOn: Date;
  type: string;
  immutable: boolean;
  labels: Record<string, string>;
  /** In base64. */
  data: Record<string, string>;
  /** The fields of each manager, such as `.type` and `.data..dockerconfigjson`. */
  managed: Map<string, Set<string>>;
}

/** One that is stored for the first time. */
export function emptySecret(namespace: string, name: string, createdOn: Date, type = 'Opaque'): StoredSecret {
  return {
    ...{ namespace, name, uid: randomUUID(), resourceVersion: 0, createdOn, type, immutable: false },
    ...{ labels: {}, data: {}, managed: new Map() },
  };
}

/** The fields that an apply may set here. */
export interface AppliedFields {
  type?: string | undefined;
  labels: Record<string, string>;
  data: Record<string, string>;
}

/** As the API server names fields in conflicts. */
export function fieldsOf({ type, labels, data }: AppliedFields): Map<string, string> {
  return new Map([
    ...(type === undefined ? [] : [['.type', type] as const]),
    ...Object.entries(labels).map(([key, value]) => [`.metadata.labels.${key}`, value] as const),
    ...Object.entries(data).map(([key, value]) => [`.data.${key}`, value] as const),
  ]);
}

/** As JSON of the API. */
export function secretBody(secret: StoredSecret): object {
  const { name, namespace, uid, resourceVersion, createdOn, labels, data, type, immutable } = secret;
  return {
    kind: 'Secret',
    apiVersion: 'v1',
    metadata: {
      ...{ name, namespace, uid, resourceVersion: String(resourceVersion) },
      creationTimestamp: createdOn.toISOString().replace(/\.\d+Z$/, 'Z'),
      ...(Object.keys(labels).length > 0 && { labels }),
      managedFields: [...secret.managed].map(([manager, fields]) => ({
        ...{ manager, operation: manager.startsWith('kubectl') ? 'Update' : 'Apply', apiVersion: 'v1' },
        ...{ fieldsType: 'FieldsV1', fieldsV1: Object.fromEntries([...fields].map(field => [field, {}])) },
      })),
    },
    ...(Object.keys(data).length > 0 && { data }),
    ...(immutable && { immutable }),
    type,
  };
}
