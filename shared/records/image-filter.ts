import { odata } from '@azure/data-tables';
import { repositoryKey } from '../azure/tables/keys.ts';
import type { ImageReason, State } from '../reasons.ts';

/** Which image records a list shows: those that have all that is given. */
export interface ImageFilter {
  registry?: string | undefined;
  repository?: string | undefined;
  /** One of these. */
  states?: readonly State[] | undefined;
  reason?: ImageReason | undefined;
  digest?: string | undefined;
}

/** The filter of Table Storage that finds them. */
export function conditionOf({ registry, repository, states, reason, digest }: ImageFilter): string {
  const key = repository !== undefined && repositoryKey(repository);
  const conditions = [
    odata`kind eq 'image'`,
    registry !== undefined && odata`PartitionKey eq ${registry}`,
    // ';' follows ':' in ASCII, so this range is exactly the rows of this repository's tags.
    key && odata`RowKey ge ${`${key}:`} and RowKey lt ${`${key};`}`,
    states && `(${states.map(state => odata`state eq ${state}`).join(' or ')})`,
    reason !== undefined && odata`reason eq ${reason}`,
    digest !== undefined && odata`digest eq ${digest}`,
  ];
  return conditions.filter(Boolean).join(' and ');
}
