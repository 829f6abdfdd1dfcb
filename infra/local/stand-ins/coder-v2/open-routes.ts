import { FirstUser, Login, parseBody } from './bodies.ts';
import type { CoderContext } from './context.ts';
import { CoderError } from './errors.ts';
import type { OpenRoute } from './gate.ts';
import { PREBUILDS_USER_ID } from './state.ts';
import { newKey, tokenOf } from './tokens.ts';
import { newUser } from './users.ts';

const DAY_SECONDS = 86_400;

/** What can be called without a token. */
export function openRoutes(context: CoderContext): OpenRoute[] {
  const { state, clock, secrets, version } = context;
  const hasUsers = () => state.users.some(({ id }) => id !== PREBUILDS_USER_ID);
  return [
    { method: 'GET', path: '/buildinfo', handle: () => ({ status: 200, body: buildInfo(version.full) }) },
    {
      method: 'GET',
      path: '/users/first',
      handle() {
        if (!hasUsers()) throw new CoderError(404, 'The initial user has not been created!');
        return { status: 200, body: { message: 'The initial user has already been created!' } };
      },
    },
    {
      method: 'POST',
      path: '/users/first',
      handle({ body }) {
        if (hasUsers()) throw new CoderError(409, 'The initial user has already been created.');
        const user = newUser({ ...parseBody(FirstUser, body), roles: ['owner'] }, clock.now());
        state.users.push(user);
        return { status: 201, body: { user_id: user.id, organization_id: state.organization.id } };
      },
    },
    {
      method: 'POST',
      path: '/users/login',
      handle({ body }) {
        const { email, password } = parseBody(Login, body);
        const user = state.users.find(one => one.email === email && one.loginType === 'password');
        if (!user || user.password !== password) throw new CoderError(401, 'Incorrect email or password.');
        const fields = { userId: user.id, lifetimeSeconds: DAY_SECONDS, loginType: 'password' as const };
        const key = newKey(fields, clock.now(), secrets);
        state.keys.push(key);
        return { status: 201, body: { session_token: tokenOf(key) } };
      },
    },
  ];
}

function buildInfo(version: string): object {
  return {
    external_url: `https://github.com/coder/coder/commit/${version.split('+')[1]}`,
    version,
    dashboard_url: 'https://coder.example.com',
    telemetry: false,
    workspace_proxy: false,
    agent_api_version: '1.0',
    provisioner_api_version: '1.17',
    upgrade_message: '',
    deployment_id: 'c0de0000-0000-4000-8000-000000000001',
  };
}
