import type { DeletedSecret, SecretVersion, VaultSecret } from './secrets.ts';

const RETENTION_DAYS = 90;
const DAY_SECONDS = 86_400;

/** `SecretBundle` of the REST API without its value, which only the answers to get and set carry. */
export function bundle(vault: string, secret: VaultSecret, version: SecretVersion) {
  return { ...item(vault, secret, version), id: `${vault}/secrets/${secret.name}/${version.id}` };
}

/** `SecretItem` of the REST API: an entry of a list. */
export function item(vault: string, secret: VaultSecret, version: SecretVersion) {
  return {
    id: `${vault}/secrets/${secret.name}`,
    contentType: version.contentType,
    tags: version.tags,
    attributes: {
      enabled: true,
      ...version.attributes,
      created: version.created,
      updated: version.updated,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: RETENTION_DAYS,
    },
  };
}

/** `DeletedSecretBundle` of the REST API. */
export function deletedBundle(vault: string, secret: DeletedSecret) {
  return {
    ...bundle(vault, secret, secret.versions[0]),
    recoveryId: `${vault}/deletedsecrets/${secret.name}`,
    deletedDate: secret.deleted,
    scheduledPurgeDate: secret.deleted + RETENTION_DAYS * DAY_SECONDS,
  };
}
