import type { ApiKey } from '../schema.ts';
import type { OwnToken, TokenState } from './state.ts';

/** The facts on which a run decides what to do next about the bridge's session token. */
export interface TokenFacts {
  state: TokenState;
  /** The token in Key Vault, as Coder shows it. */
  key: ApiKey;
  now: Date;
}

export type TokenStep =
  | { do: 'nothing' }
  /** Key Vault holds another token than the one that the bridge knew. */
  | { do: 'note' }
  | { do: 'create' }
  | { do: 'delete'; token: OwnToken };

const DAY_MS = 86_400_000;
const LONGEST_BEFORE_END_MS = 30 * DAY_MS;
const LONGEST_WARNING_MS = 7 * DAY_MS;
/** Twice as long as an instance of the app goes on with a token that it has read. */
const IN_USE_MS = 10 * 60_000;
/** A request for a token that was given up can take effect until then. */
const LATE_MS = 60 * 60_000;
const AFTER_FAILURE_MS = 15 * 60_000;

/** The one next step. A run that was cut off is not resumed: each run decides from what there is. */
export function decideToken({ state, key, now }: TokenFacts): TokenStep {
  const { current, own, failure } = state;
  if (current?.id !== key.id) return { do: 'note' };
  if (renewOn(key) <= now && !(failure && isWithin(AFTER_FAILURE_MS, failure.on, now)))
    return { do: 'create' };
  if (isWithin(IN_USE_MS, current.since, now)) return { do: 'nothing' };
  const token = own.find(
    ({ name, id, on }) => id !== key.id && name !== key.token_name && (id || !isWithin(LATE_MS, on, now)),
  );
  return token ? { do: 'delete', token } : { do: 'nothing' };
}

/** The state when Key Vault holds another token. The one before it goes, unless a person replaced it. */
export function noted({ own, current }: TokenState, key: ApiKey, now: Date): TokenState {
  const name = key.token_name ?? '';
  const isOwn = own.some(token => token.name === name);
  const isKnown = own.some(token => token.name === current?.name);
  const replaced = current && isOwn && !isKnown ? [{ name: current.name, id: current.id, on: now }] : [];
  return { current: { id: key.id, name, since: now }, own: [...own, ...replaced] };
}

/** When a third of its lifetime is left, and at most 30 days. */
export function renewOn({ expires_at, lifetime_seconds }: ApiKey): Date {
  return new Date(expires_at.getTime() - Math.min((lifetime_seconds * 1000) / 3, LONGEST_BEFORE_END_MS));
}

/** Whether a person has to see to it: half the time in which it should have been renewed is over, or a week is left. */
export function endsSoon({ expires_at, lifetime_seconds }: ApiKey, now: Date): boolean {
  return isWithin(Math.min((lifetime_seconds * 1000) / 6, LONGEST_WARNING_MS), now, expires_at);
}

function isWithin(ms: number, from: Date, to: Date): boolean {
  return to.getTime() - from.getTime() < ms;
}
