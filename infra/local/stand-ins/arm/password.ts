import type { Secrets } from '../../secrets.ts';

/** One of the two passwords that an account can have at a time. */
export interface Password<Name extends string> {
  name: Name;
  value: string;
  createdAt: Date;
  /** Until then registries do not know it yet. */
  acceptedFrom: Date;
  expiry?: Date | undefined;
}

/** A new password, which registries accept `delayMs` later. */
export function newPassword<Name extends string>(
  name: Name,
  secrets: Secrets,
  createdAt: Date,
  delayMs: number,
): Password<Name> {
  const acceptedFrom = new Date(createdAt.getTime() + delayMs);
  return { name, value: secrets.random(), createdAt, acceptedFrom };
}

export function isAccepted(password: Password<string>, value: string, now: Date): boolean {
  if (password.value !== value || now < password.acceptedFrom) return false;
  return password.expiry === undefined || now < password.expiry;
}
