import { ROLES, type Role } from '../roles.ts';

const ROLES_WITH_MEANING = Object.entries(ROLES).map(([role, meaning]) => `\`${role}\`: ${meaning}`);

export const SECURITY_SCHEMES = {
  functionKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-functions-key',
    description: 'A key of the function, or the host key, which is valid for every function.',
  },
  functionKeyInQuery: {
    type: 'apiKey',
    in: 'query',
    name: 'code',
    description: 'The same in the query. Prefer the header: URLs appear in logs.',
  },
  entra: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: `Where the platform signs callers in: an Entra token for this app, with the app role that the call needs. ${ROLES_WITH_MEANING.join(' ')}`,
  },
} as const;

/** The ways to authenticate, one of which is enough; empty for calls without authentication. */
export function securityOf(role: Role | undefined): Record<string, string[]>[] {
  return role ? [{ functionKey: [] }, { functionKeyInQuery: [] }, { entra: [role] }] : [];
}
