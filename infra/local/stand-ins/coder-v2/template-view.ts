import type { CoderContext } from './context.ts';
import { userOf } from './lookup.ts';
import type { Template, TemplateSettings } from './state.ts';

export const STANDARD_SETTINGS: TemplateSettings = {
  name: '',
  display_name: '',
  description: '',
  icon: '',
  default_ttl_ms: 0,
  activity_bump_ms: 3_600_000,
  allow_user_autostart: true,
  allow_user_autostop: true,
  allow_user_cancel_workspace_jobs: true,
  failure_ttl_ms: 0,
  time_til_dormant_ms: 0,
  time_til_dormant_autodelete_ms: 0,
  require_active_version: false,
  max_port_share_level: 'owner',
  use_classic_parameter_flow: false,
  cors_behavior: 'simple',
  disable_module_cache: false,
};

export function templateView({ state }: CoderContext, template: Template): object {
  const { organization } = state;
  return {
    id: template.id,
    created_at: template.createdAt.toISOString(),
    updated_at: template.updatedAt.toISOString(),
    organization_id: organization.id,
    organization_name: organization.name,
    organization_display_name: organization.displayName,
    organization_icon: '',
    provisioner: 'terraform',
    active_version_id: template.activeVersionId,
    active_user_count: -1,
    build_time_stats: { start: { P50: null, P95: null }, stop: { P50: null, P95: null } },
    deleted: template.deleted,
    deprecated: template.deprecationMessage !== '',
    deprecation_message: template.deprecationMessage,
    created_by_id: template.createdById,
    created_by_name: userOf(state, template.createdById).username,
    autostop_requirement: { days_of_week: [], weeks: 1 },
    autostart_requirement: {
      days_of_week: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
    },
    time_til_autostop_notify_ms: 0,
    ...template.settings,
  };
}
