import { NewUser, parseBody, Roles } from './bodies.ts';
import type { CoderContext, CoderRoute } from './context.ts';
import { CoderError, forbidden, notFound } from './errors.ts';
import { findOrganization, findUser } from './lookup.ts';
import { allowed, isRole } from './rights.ts';
import type { User } from './state.ts';
import { newUser } from './users.ts';

export function userRoutes(context: CoderContext): CoderRoute[] {
  const { state, clock } = context;
  return [
    {
      method: 'GET',
      path: '/users/{}',
      handle({ caller, params }) {
        const user = findUser(context, caller, params[0]);
        if (!allowed(caller, 'read', { type: 'user', id: user.id, ownerId: user.id })) throw notFound();
        return { status: 200, body: userView(context, user) };
      },
    },
    {
      method: 'POST',
      path: '/users',
      handle({ caller, body }) {
        const wanted = parseBody(NewUser, body);
        if (!allowed(caller, 'create', { type: 'user' })) throw forbidden();
        for (const name of wanted.organization_ids ?? []) findOrganization(context, caller, name);
        if (
          state.users.some(({ username, email }) => username === wanted.username || email === wanted.email)
        ) {
          throw new CoderError(409, 'User already exists.');
        }
        const user = newUser(wanted, clock.now());
        state.users.push(user);
        return { status: 201, body: userView(context, user) };
      },
    },
    {
      method: 'PUT',
      path: '/users/{}/roles',
      handle({ caller, params, body }) {
        const user = findUser(context, caller, params[0]);
        const { roles } = parseBody(Roles, body);
        if (!allowed(caller, 'update', { type: 'user', id: user.id })) throw forbidden();
        const unknown = roles.find(role => !isRole(role));
        if (unknown !== undefined) throw new CoderError(400, `"${unknown}" is not a supported role`);
        user.roles = roles;
        return { status: 200, body: userView(context, user) };
      },
    },
  ];
}

export function userView({ state }: CoderContext, user: User): object {
  return {
    id: user.id,
    username: user.username,
    name: '',
    email: user.email,
    avatar_url: '',
    created_at: user.createdAt.toISOString(),
    updated_at: user.createdAt.toISOString(),
    last_seen_at: user.lastSeenAt.toISOString(),
    status: 'active',
    login_type: user.loginType,
    ...(user.isServiceAccount && { is_service_account: true }),
    organization_ids: [state.organization.id],
    roles: user.roles
      .filter(role => !role.startsWith('organization-'))
      .map(name => ({ name, display_name: name })),
  };
}
