import { expect } from 'vitest';
import type { Refusal } from '../../../../shared/azure/refusals/refusal.ts';
import { readSaid, type Said } from '../../../../shared/azure/refusals/said.ts';

// What each service answers when it refuses, as people reported it, and what the bridge makes of it.

/** Status, body, reason, what the message must have, what the remedy must have; `passes` when waiting may help. */
export type Row = [
  when: string,
  status: number | undefined,
  body: unknown,
  reason: string,
  message: RegExp,
  remedy: RegExp,
  passes?: 'passes',
];

/** Expects what a row says, and of every remedy that it serves the reader. */
export function expectRefusal(refusal: Refusal<string>, [, , , reason, message, remedy, passes]: Row): void {
  expect(refusal).toMatchObject({ reason, retryable: passes !== undefined });
  expect(refusal.message).toMatch(message);
  expect(refusal.remedy).toMatch(remedy);
  // It would succeed on the reader's machine, and prove nothing.
  expect(refusal.remedy).not.toMatch(/docker login/);
  if (refusal.reason === 'network-denied' || refusal.reason === 'disallowed-by-policy') {
    expect(refusal.remedy).not.toMatch(/role assignment/);
  }
}

/** As the bridge reads such an answer. */
export function said(status: number | undefined, body: unknown): Said {
  return readSaid(status, typeof body === 'string' ? body : JSON.stringify(body));
}
