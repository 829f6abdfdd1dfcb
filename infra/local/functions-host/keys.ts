import { createHmac } from 'node:crypto';
import type { HostRequest } from './http-message.ts';

export interface HostKeys {
  /** Opens everything, the admin API included. */
  master: string;
  /** The host-level function key: opens every function. */
  host: string;
  /** The system key `eventgrid_extension`: opens the Event Grid webhook. */
  eventGrid: string;
  /** Keys of single functions, by function name; see `withFunctionKeys`. */
  functions?: Record<string, string> | undefined;
}

export type AuthLevel = 'anonymous' | 'function' | 'admin';

/**
 * Gives each function a key of its own, `default`, unless it has one, as the platform does when it first sees the
 * function. Derived, so that they outlive a restart.
 */
export function withFunctionKeys(keys: HostKeys, functionNames: string[]): HostKeys {
  const derived = functionNames.map(name => [
    name,
    createHmac('sha256', keys.master).update(name).digest('base64url'),
  ]);
  return { ...keys, functions: { ...Object.fromEntries(derived), ...keys.functions } };
}

/** The key that a request brings; the header wins, even when only the query's key would be right. */
export function presentedKey({ headers, query }: Pick<HostRequest, 'headers' | 'query'>): string | undefined {
  return headers['x-functions-key'] ?? query.code;
}

export function isMasterKey(keys: HostKeys, key: string | undefined): boolean {
  return key === keys.master;
}

export function opensEventGrid(keys: HostKeys, key: string | undefined): boolean {
  return key === keys.eventGrid || isMasterKey(keys, key);
}

/** Whether `key` lets a caller in to a function of this level. */
export function opensFunction(
  keys: HostKeys,
  level: AuthLevel,
  functionName: string,
  key: string | undefined,
): boolean {
  if (level === 'anonymous' || isMasterKey(keys, key)) return true;
  if (level === 'admin' || key === undefined) return false;
  return key === keys.host || key === keys.functions?.[functionName];
}
