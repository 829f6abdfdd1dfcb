import type { CoderContext } from './context.ts';
import { userNamed } from './push-template.ts';
import type { User } from './state.ts';
import { type KeyFields, newKey, tokenOf } from './tokens.ts';
import { newUser, type UserFields } from './users.ts';

/** Makes users and tokens from a test, without passwords and limits. */
export interface People {
  add(fields: UserFields): User;
  /** @returns the token */
  token(username: string, fields?: Omit<KeyFields, 'userId'>): string;
  /** Gives the user the role `admin` in the access list of one template. */
  makeTemplateAdmin(username: string, templateId: string): void;
}

export function peopleOf(context: CoderContext): People {
  const { state, clock, secrets } = context;
  return {
    add(fields) {
      const user = newUser(fields, clock.now());
      state.users.push(user);
      return structuredClone(user);
    },
    token(username, fields = {}) {
      const key = newKey({ userId: userNamed(context, username).id, ...fields }, clock.now(), secrets);
      state.keys.push(key);
      return tokenOf(key);
    },
    makeTemplateAdmin(username, templateId) {
      userNamed(context, username).templateAdminOf.push(templateId);
    },
  };
}
