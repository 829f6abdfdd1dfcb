import { isAccepted, newPassword, type Password } from './password.ts';
import type { RegistryState } from './registry.ts';

export const ADMIN_PASSWORDS = ['password', 'password2'] as const;
export type AdminPasswordName = (typeof ADMIN_PASSWORDS)[number];

/** The administrator of a registry. When it is off, it keeps its passwords, but they do not work. */
export interface AdminAccount {
  username: string;
  passwords(): Password<AdminPasswordName>[];
  /** The old value stops working at once. */
  regenerate(name: AdminPasswordName): void;
  accepts(username: string, password: string): boolean;
}

export function createAdminAccount({ registry, now, secrets, behaviour }: RegistryState): AdminAccount {
  const username = registry().resourceId.split('/').at(-1) as string;
  const slots = new Map(ADMIN_PASSWORDS.map(name => [name, newPassword(name, secrets, now(), 0)]));
  return {
    username,
    passwords: () => [...slots.values()],
    regenerate: name => void slots.set(name, newPassword(name, secrets, now(), behaviour.propagationMs)),
    accepts: (user, value) =>
      registry().adminUserEnabled === true &&
      user === username &&
      [...slots.values()].some(password => isAccepted(password, value, now())),
  };
}
