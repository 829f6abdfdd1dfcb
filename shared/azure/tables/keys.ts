/** A repository as a key of a row: Table Storage forbids `/` in keys, and `|` occurs in no OCI name. */
export function repositoryKey(repository: string): string {
  return repository.replaceAll('/', '|');
}

/** Reads the repository back. */
export function parseRepositoryKey(key: string): string {
  return key.replaceAll('|', '/');
}
