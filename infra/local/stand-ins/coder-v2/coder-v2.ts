import { randomUUID } from 'node:crypto';
import type { MovableClock } from '../../clock.ts';
import type { Secrets } from '../../secrets.ts';
import { type StandIn, startStandIn } from '../../stand-in.ts';
import type { Tls } from '../../tls.ts';
import type { CoderContext, CoderRoute, CoderSwitches, Kubelet } from './context.ts';
import { controlRoutes } from './control-routes.ts';
import { type CoderControls, createControls } from './controls.ts';
import type { EntraProxy } from './entra-proxy.ts';
import { fileRoutes } from './file-routes.ts';
import { type Gate, guarded, open, unknownRoute } from './gate.ts';
import { createJobQueue } from './jobs.ts';
import { openRoutes } from './open-routes.ts';
import { organizationRoutes } from './organization-routes.ts';
import { type People, peopleOf } from './people.ts';
import { newProvisioner } from './provisioners.ts';
import { createRateLimit } from './rate-limit.ts';
import { coderVersion } from './release.ts';
import { type CoderState, PREBUILDS_USER_ID } from './state.ts';
import { createTemplateReader } from './template-reader.ts';
import { templateRoutes } from './template-routes.ts';
import { templateVersionRoutes } from './template-version-routes.ts';
import { tokenRoutes } from './token-routes.ts';
import { userRoutes } from './user-routes.ts';
import { newUser } from './users.ts';
import { versionChangeRoutes } from './version-change-routes.ts';
import { versionRoutes } from './version-routes.ts';
import { workspaceRoutes } from './workspace-routes.ts';

export interface CoderV2Options {
  secrets: Secrets;
  clock: MovableClock;
  /** Speaks https with it, http without. */
  tls?: Tls;
  /** 0, the default, takes any free port. */
  port?: number;
  /** Release of Coder, such as `2.35.1`, which is the default. */
  version?: string;
  /** When set, each call needs `Authorization: Bearer` with an Entra token for this audience as well. */
  entraProxy?: EntraProxy;
  switches?: Partial<CoderSwitches>;
  /** Starts the containers of workspaces; without one, no agent connects. */
  kubelet?: Kubelet;
}

export interface CoderV2StandIn extends StandIn {
  organizationId: string;
  /** A copy of all that Coder remembers, the sensitive values included. */
  state(): CoderState;
  /** May be changed at any time. */
  switches: CoderSwitches;
  /** Makes users and tokens. There are no users at the start. */
  people: People;
  /** What others do to Coder; the same is under `/_stand-in/` too. */
  controls: CoderControls;
}

const STANDARD_SWITCHES: CoderSwitches = {
  acquireMs: 50,
  importMs: 300,
  buildMs: 200,
  licensed: false,
  laterFields: true,
  limits: { api: 512, files: 12, login: 60 },
};

/** Plays Coder v2 on its API `/api/v2`. It reads the templates that it is given, and merges variables, as Coder does. */
export async function startCoderV2(options: CoderV2Options): Promise<CoderV2StandIn> {
  const { secrets, tls, port, clock } = options;
  const context = createContext(options);
  const { state, switches } = context;
  const gate: Gate = { context, rateLimit: createRateLimit(clock), proxy: options.entraProxy };
  const controls = createControls(context);
  const server = await startStandIn({
    ...{ secrets, tls, port },
    routes: [
      ...openRoutes(context).map(route => open(gate, route)),
      ...callsOf(context).map(route => guarded(gate, route)),
      ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map(method => unknownRoute(gate, method)),
      ...controlRoutes(context, controls),
    ],
  });
  return {
    ...server,
    organizationId: state.organization.id,
    state: () => structuredClone(state),
    switches,
    people: peopleOf(context),
    controls,
  };
}

/** Those with fixed words in their paths come before those with names in the same place. */
function callsOf(context: CoderContext): CoderRoute[] {
  return [
    ...tokenRoutes(context),
    ...userRoutes(context),
    ...organizationRoutes(context),
    ...fileRoutes(context),
    ...versionRoutes(context),
    ...versionChangeRoutes(context),
    ...templateRoutes(context),
    ...templateVersionRoutes(context),
    ...workspaceRoutes(context),
  ];
}

function createContext(options: CoderV2Options): CoderContext {
  const { clock, secrets, kubelet, version = '2.35.1' } = options;
  const state = newState(clock.now());
  const switches = { ...STANDARD_SWITCHES, ...options.switches };
  return {
    ...{ state, clock, secrets, switches, kubelet },
    version: coderVersion(version),
    jobs: createJobQueue(state, clock, switches),
    nextFailures: [],
    afterImport: new Map(),
    templateIn: createTemplateReader(state),
  };
}

/** A server after its installation: one organization, one provisioner, and the owner of prebuilt workspaces. */
function newState(now: Date): CoderState {
  const organization = { id: randomUUID(), name: 'coder', displayName: 'Coder', createdAt: now };
  const prebuilds = { ...newUser({ username: 'prebuilds' }, now), id: PREBUILDS_USER_ID };
  return {
    organization,
    users: [prebuilds],
    keys: [],
    files: [],
    templates: [],
    versions: [],
    provisioners: [newProvisioner('coderd-0', organization.id, {}, now)],
    workspaces: [],
  };
}
