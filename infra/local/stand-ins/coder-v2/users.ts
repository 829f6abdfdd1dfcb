import { randomUUID } from 'node:crypto';
import type { User } from './state.ts';

export interface UserFields {
  username: string;
  email?: string;
  password?: string | null | undefined;
  /** Site roles such as `template-admin`, and roles in the organization such as `organization-template-admin`. */
  roles?: string[];
  service_account?: boolean | null | undefined;
}

export function newUser(
  { username, email, password, roles = [], service_account }: UserFields,
  now: Date,
): User {
  return {
    id: randomUUID(),
    username,
    email: email ?? `${username}@example.com`,
    password: password ?? '',
    loginType: password ? 'password' : 'none',
    isServiceAccount: service_account === true,
    roles,
    createdAt: now,
    lastSeenAt: now,
    templateAdminOf: [],
    revoked: [],
  };
}
