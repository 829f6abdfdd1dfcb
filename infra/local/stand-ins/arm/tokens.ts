import type { ChildResource } from './child-resource.ts';
import { isAccepted, newPassword, type Password } from './password.ts';
import type { RegistryState } from './registry.ts';

export const TOKEN_PASSWORDS = ['password1', 'password2'] as const;
export type TokenPasswordName = (typeof TOKEN_PASSWORDS)[number];

/** A user of one registry, under its name, who may do what a scope map says. It starts without passwords. */
export interface AcrToken extends ChildResource {
  scopeMapId: string;
  status: 'enabled' | 'disabled';
  passwords: Password<TokenPasswordName>[];
  /** Whether it ever had a password: the first ones count at once, all others later. */
  generated: boolean;
}

/** The tokens of one registry. Names are compared without regard to case, user names with it. */
export interface Tokens {
  all(): AcrToken[];
  find(name: string): AcrToken | undefined;
  /** Makes it, or changes what is said; passwords stay. */
  put(name: string, changes: Partial<Pick<AcrToken, 'scopeMapId' | 'status'>>): AcrToken;
  /** Replaces these passwords, and gives the new ones. The old values end at once. @throws Error when there is no token */
  generate(
    name: string,
    passwords: readonly TokenPasswordName[],
    expiry?: Date,
  ): Password<TokenPasswordName>[];
  /** @throws Error when there is no token */
  removePassword(name: string, password: TokenPasswordName): void;
  delete(name: string): boolean;
  /** The token, unless user name or password are wrong, or do not count now. */
  authenticate(username: string, password: string): AcrToken | undefined;
}

export function createTokens({ registry, now, secrets, behaviour }: RegistryState): Tokens {
  const byName = new Map<string, AcrToken>();
  const find = (name: string) => byName.get(name.toLowerCase());
  function get(name: string): AcrToken {
    const token = find(name);
    if (!token) throw new Error(`The registry has no token ${name}.`);
    return token;
  }
  return {
    all: () => [...byName.values()],
    find,
    put(name, changes) {
      const readyAt = new Date(now().getTime() + behaviour.operationMs);
      const known = find(name);
      if (known) return Object.assign(known, changes, { doing: 'Updating', readyAt });
      const token: AcrToken = {
        ...{ id: `${registry().resourceId}/tokens/${name}`, name },
        ...{ createdAt: now(), doing: 'Creating', readyAt },
        ...{ scopeMapId: '', status: 'enabled', passwords: [], generated: false },
        ...changes,
      };
      byName.set(name.toLowerCase(), token);
      return token;
    },
    generate(name, names, expiry) {
      const token = get(name);
      const delayMs = token.generated ? behaviour.propagationMs : 0;
      const made = names.map(slot => ({ ...newPassword(slot, secrets, now(), delayMs), expiry }));
      const kept = token.passwords.filter(password => !names.includes(password.name));
      token.passwords = [...kept, ...made].sort((a, b) => a.name.localeCompare(b.name));
      token.generated = true;
      return made;
    },
    removePassword(name, slot) {
      const token = get(name);
      token.passwords = token.passwords.filter(password => password.name !== slot);
    },
    delete: name => byName.delete(name.toLowerCase()),
    authenticate(username, value) {
      const token = find(username);
      if (token?.name !== username || token.status !== 'enabled') return undefined;
      return token.passwords.some(password => isAccepted(password, value, now())) ? token : undefined;
    },
  };
}
