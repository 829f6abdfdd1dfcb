import { randomUUID } from 'node:crypto';
import type { MovableClock } from '../../clock.ts';
import type { AgentReports } from './context.ts';
import type { AgentPlan } from './terraform/resources.ts';
import { ZERO_UUID } from './uuid.ts';
import type { Agent, AgentStatus, Build } from './workspace-state.ts';

export function newAgent({ name, os, arch, connectionTimeout }: AgentPlan, now: Date): Agent {
  return {
    ...{ id: randomUUID(), name, os, arch, connectionTimeout },
    createdAt: now,
    lifecycle: 'created',
    logs: [],
  };
}

/** `timeout` is no verdict: an agent that connects later is connected. */
export function agentStatus(agent: Agent, now: Date): AgentStatus {
  if (agent.firstConnectedAt) return 'connected';
  const limitMs = agent.connectionTimeout * 1000;
  const isOver = limitMs > 0 && now.getTime() - agent.createdAt.getTime() > limitMs;
  return isOver ? 'timeout' : 'connecting';
}

/** Absent for a healthy agent. */
function whyUnhealthy(agent: Agent, now: Date): string | undefined {
  const status = agentStatus(agent, now);
  if (status === 'connecting') return 'agent has not yet connected';
  if (status === 'timeout') return 'agent is taking too long to connect';
  return agent.lifecycle === 'start_error' ? 'agent startup script exited with an error' : undefined;
}

export function isHealthy(agent: Agent, now: Date): boolean {
  return whyUnhealthy(agent, now) === undefined;
}

/** What the agents of a build report, all of them at once. */
export function reportsOf(build: Build, clock: MovableClock): AgentReports {
  const agents = () => build.resources.flatMap(resource => resource.agents);
  const connect = (agent: Agent) => {
    agent.firstConnectedAt ??= clock.now();
    if (agent.lifecycle === 'created') agent.lifecycle = 'starting';
  };
  return {
    connect: () => agents().forEach(connect),
    ready() {
      for (const agent of agents()) {
        connect(agent);
        agent.lifecycle = 'ready';
        agent.readyAt = clock.now();
      }
    },
    fail(output) {
      for (const agent of agents()) {
        connect(agent);
        agent.lifecycle = 'start_error';
        agent.logs.push({ id: agent.logs.length + 1, at: clock.now(), level: 'error', output });
      }
    },
  };
}

export function agentView(agent: Agent, resourceId: string, now: Date): object {
  const reason = whyUnhealthy(agent, now);
  const connected = agent.firstConnectedAt?.toISOString();
  return {
    id: agent.id,
    parent_id: null,
    created_at: agent.createdAt.toISOString(),
    updated_at: agent.createdAt.toISOString(),
    ...(connected && { first_connected_at: connected, last_connected_at: connected, started_at: connected }),
    ...(agent.readyAt && { ready_at: agent.readyAt.toISOString() }),
    status: agentStatus(agent, now),
    lifecycle_state: agent.lifecycle,
    name: agent.name,
    resource_id: resourceId,
    architecture: agent.arch,
    operating_system: agent.os,
    environment_variables: {},
    ...{ directory: '', expanded_directory: '', version: '', api_version: '', instance_id: '' },
    logs_length: agent.logs.length,
    logs_overflowed: false,
    ...{ apps: [], display_apps: [], log_sources: [], scripts: [], subsystems: [] },
    connection_timeout_seconds: agent.connectionTimeout,
    troubleshooting_url: '',
    startup_script_behavior: 'non-blocking',
    health: { healthy: reason === undefined, ...(reason && { reason }) },
  };
}

export function agentLogViews(agent: Agent): object[] {
  return agent.logs.map(({ id, at, level, output }) => ({
    ...{ id, created_at: at.toISOString(), output, level },
    source_id: ZERO_UUID,
  }));
}
