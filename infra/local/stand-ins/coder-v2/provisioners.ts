import { randomUUID } from 'node:crypto';
import type { CoderState, Provisioner } from './state.ts';

export type Tags = Record<string, string>;

/** Coder lists a provisioner as available while its last sign of life is not older. */
const STALE_AFTER_MS = 90_000;

/** Tags as Coder stores them: `scope` and `owner` are always there. */
export function normalized(tags: Tags): Tags {
  const filled = Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== ''));
  return {
    ...filled,
    scope: tags.scope || 'organization',
    owner: tags.scope === 'user' ? (tags.owner ?? '') : '',
  };
}

/** A job without tags of its own goes only to a provisioner without any; otherwise the provisioner may have more. */
export function matches(provisioner: Provisioner, tags: Tags): boolean {
  const isUntagged = Object.keys(tags).every(name => name === 'scope' || name === 'owner');
  if (isUntagged && Object.keys(provisioner.tags).length !== Object.keys(tags).length) return false;
  return Object.entries(tags).every(([name, value]) => provisioner.tags[name] === value);
}

export function lastSeen({ lastSeenAt }: Provisioner, now: Date): Date {
  return lastSeenAt ?? now;
}

function isAvailable(provisioner: Provisioner, now: Date): boolean {
  return now.getTime() - lastSeen(provisioner, now).getTime() < STALE_AFTER_MS;
}

/** A connected provisioner for a job with these tags. */
export function freeProvisioner({ provisioners }: CoderState, tags: Tags): Provisioner | undefined {
  return provisioners.find(provisioner => !provisioner.lastSeenAt && matches(provisioner, tags));
}

/** How many provisioners there are for a job with these tags, as Coder tells it. */
export function matchedProvisioners({ provisioners }: CoderState, tags: Tags, now: Date): object {
  const matched = provisioners.filter(provisioner => matches(provisioner, tags));
  const newest = Math.max(...matched.map(provisioner => lastSeen(provisioner, now).getTime()));
  return {
    count: matched.length,
    available: matched.filter(provisioner => isAvailable(provisioner, now)).length,
    most_recently_seen: matched.length > 0 ? new Date(newest).toISOString() : null,
  };
}

export function newProvisioner(name: string, organizationId: string, tags: Tags, now: Date): Provisioner {
  return { id: randomUUID(), name, organizationId, tags: normalized(tags), createdAt: now };
}

export function provisionerView(
  state: CoderState,
  provisioner: Provisioner,
  version: string,
  now: Date,
): object {
  const jobs = [...state.versions, ...state.workspaces.flatMap(({ builds }) => builds)].map(({ job }) => job);
  const current = jobs.find(job => job.workerId === provisioner.id && job.status === 'running');
  return {
    id: provisioner.id,
    organization_id: provisioner.organizationId,
    key_id: '00000000-0000-0000-0000-000000000001',
    key_name: 'built-in',
    created_at: provisioner.createdAt.toISOString(),
    last_seen_at: lastSeen(provisioner, now).toISOString(),
    name: provisioner.name,
    version,
    api_version: '1.17',
    provisioners: ['terraform'],
    tags: provisioner.tags,
    status: !isAvailable(provisioner, now) ? 'offline' : current ? 'busy' : 'idle',
    current_job: current ? { id: current.id, status: current.status, ...NO_TEMPLATE } : null,
    previous_job: null,
  };
}

const NO_TEMPLATE = { template_name: '', template_icon: '', template_display_name: '' };
