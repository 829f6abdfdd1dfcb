import { Checks, parseBody } from './bodies.ts';
import type { CoderContext, CoderRoute } from './context.ts';
import { CoderError, forbidden } from './errors.ts';
import { findOrganization } from './lookup.ts';
import { provisionerView } from './provisioners.ts';
import { allowed } from './rights.ts';
import type { Organization } from './state.ts';

/** The most things that Coder looks up. */
const MOST_CHECKS_WITH_ID = 10;

/** What is there: the organization, its provisioners, the licence, and what the caller may do. */
export function organizationRoutes(context: CoderContext): CoderRoute[] {
  const { state, switches, clock, version } = context;
  return [
    {
      method: 'GET',
      path: '/organizations',
      handle({ caller }) {
        const mayRead = allowed(caller, 'read', { type: 'organization', id: state.organization.id });
        return { status: 200, body: mayRead ? [organizationView(state.organization)] : [] };
      },
    },
    {
      method: 'GET',
      path: '/organizations/{}',
      handle: ({ caller, params }) => ({
        status: 200,
        body: organizationView(findOrganization(context, caller, params[0])),
      }),
    },
    {
      method: 'GET',
      path: '/organizations/{}/provisionerdaemons',
      handle({ caller, params }) {
        findOrganization(context, caller, params[0]);
        const mayRead = allowed(caller, 'read', { type: 'provisioner_daemon' });
        const readable = mayRead ? state.provisioners : [];
        const views = readable.map(one => provisionerView(state, one, version.full, clock.now()));
        return { status: 200, body: views };
      },
    },
    {
      method: 'POST',
      path: '/authcheck',
      handle({ caller, body }) {
        const { checks } = parseBody(Checks, body);
        const withId = Object.values(checks).filter(({ object }) => object.resource_id);
        if (withId.length > MOST_CHECKS_WITH_ID) {
          const detail = `The endpoint can only handle ${MOST_CHECKS_WITH_ID} checks with a resource_id at a time.`;
          throw new CoderError(400, 'Too many checks', { detail });
        }
        const verdicts = Object.entries(checks).map(([name, { action, object }]) => {
          const { resource_type: type, resource_id: id, owner_id: owner } = object;
          const ownerId = owner === 'me' ? caller.user.id : (owner ?? undefined);
          return [name, allowed(caller, action, { type, id: id || undefined, ownerId })];
        });
        return { status: 200, body: Object.fromEntries(verdicts) };
      },
    },
    { method: 'GET', path: '/entitlements', handle: () => ({ status: 200, body: entitlements(context) }) },
    {
      method: 'GET',
      path: '/audit',
      handle({ caller }) {
        if (!switches.licensed) throw new CoderError(403, 'Audit Log is a Premium feature. Contact sales!');
        if (!allowed(caller, 'read', { type: 'audit_log' })) throw forbidden();
        return { status: 200, body: { audit_logs: [], count: 0 } };
      },
    },
    {
      method: 'GET',
      path: '/deployment/config',
      handle({ caller }) {
        if (!allowed(caller, 'read', { type: 'deployment_config' })) throw forbidden();
        return { status: 200, body: { config: {}, options: [] } };
      },
    },
  ];
}

function organizationView({ id, name, displayName, createdAt }: Organization): object {
  return {
    ...{ id, name, display_name: displayName, icon: '', description: '' },
    created_at: createdAt.toISOString(),
    updated_at: createdAt.toISOString(),
    is_default: true,
    default_org_member_roles: [],
  };
}

function entitlements({ switches: { licensed }, clock }: CoderContext): object {
  const feature = { entitlement: licensed ? 'entitled' : 'not_entitled', enabled: licensed };
  const names = ['access_control', 'audit_log', 'template_rbac', 'workspace_prebuilds', 'service_accounts'];
  return {
    features: Object.fromEntries(names.map(name => [name, feature])),
    warnings: [],
    errors: [],
    has_license: licensed,
    trial: false,
    require_telemetry: false,
    refreshed_at: clock.now().toISOString(),
  };
}
