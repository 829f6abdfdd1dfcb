import { emptySecret, fieldsOf, type StoredSecret } from './secret.ts';

export type Verb = 'get' | 'create' | 'patch';

/** What a caller may do with Secrets, as roles in the cluster or in Azure say. */
export interface Grant {
  /** Object id in Entra. */
  user: string;
  namespace: string;
  verbs: Verb[];
  /** The only name; all when absent. */
  secret?: string;
}

/** What a cluster has, and what people do to it with kubectl. */
export interface ClusterState {
  namespaces: Set<string>;
  /** May be changed at any time. */
  grants: Grant[];
  find(namespace: string, name: string): StoredSecret | undefined;
  /** Stores it as the newest; an unchanged one keeps its version. */
  store(secret: StoredSecret): StoredSecret;
  /** Sets keys of a Secret, as `kubectl edit` does; creates it when there is none. Values are not in base64. */
  edit(namespace: string, name: string, data: Record<string, string>, type?: string): void;
  delete(namespace: string, name: string): void;
  /** The text under a key of a Secret. */
  text(namespace: string, name: string, key?: string): string | undefined;
}

export function createClusterState(now: () => Date): ClusterState {
  const secrets = new Map<string, StoredSecret>();
  let version = 1_000;
  const keyOf = (namespace: string, name: string) => `${namespace}/${name}`;

  function store(secret: StoredSecret): StoredSecret {
    const key = keyOf(secret.namespace, secret.name);
    const found = secrets.get(key);
    if (found && isSame(found, secret)) return found;
    version += 1;
    const stored = { ...secret, resourceVersion: version };
    secrets.set(key, stored);
    return stored;
  }

  return {
    namespaces: new Set(['default', 'kube-system']),
    grants: [],
    find: (namespace, name) => secrets.get(keyOf(namespace, name)),
    store,
    edit(namespace, name, data, type) {
      const found = secrets.get(keyOf(namespace, name));
      const edited = found ? structuredClone(found) : emptySecret(namespace, name, now(), type);
      const encoded = Object.fromEntries(
        Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
      );
      Object.assign(edited.data, encoded);
      const fields = [
        ...fieldsOf({ data: encoded, labels: {}, ...(!found && { type: edited.type }) }).keys(),
      ];
      for (const [manager, managed] of edited.managed)
        if (manager !== EDITOR) for (const field of fields) managed.delete(field);
      edited.managed.set(EDITOR, new Set([...(edited.managed.get(EDITOR) ?? []), ...fields]));
      store(edited);
    },
    delete: (namespace, name) => void secrets.delete(keyOf(namespace, name)),
    text(namespace, name, key = '.dockerconfigjson') {
      const encoded = secrets.get(keyOf(namespace, name))?.data[key];
      return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
    },
  };
}

const EDITOR = 'kubectl-edit';

function isSame(one: StoredSecret, other: StoredSecret): boolean {
  const fieldsAndManagers = (secret: StoredSecret) =>
    JSON.stringify([
      [...fieldsOf(secret)].sort(),
      [...secret.managed].map(([manager, fields]) => [manager, [...fields].sort()]),
    ]);
  return fieldsAndManagers(one) === fieldsAndManagers(other);
}
