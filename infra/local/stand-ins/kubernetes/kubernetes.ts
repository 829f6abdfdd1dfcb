import * as z from 'zod';
import type { Secrets } from '../../secrets.ts';
import { type Route, type StandIn, startStandIn } from '../../stand-in.ts';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import type { Tls } from '../../tls.ts';
import { bearerToken, type VerifyEntraToken } from '../bearer.ts';
import { applied, SecretManifest } from './apply.ts';
import { type ClusterState, createClusterState, type Verb } from './cluster.ts';
import { secretBody } from './secret.ts';
import { refuse } from './status.ts';

export interface KubernetesOptions {
  secrets: Secrets;
  now: () => Date;
  tls: Tls;
  /** 0, the default, takes any free port. */
  port?: number;
  verifyEntraToken: VerifyEntraToken;
}

/** Plays the API server of an AKS cluster with Entra, for Secrets: reads, and server-side apply. */
export interface KubernetesStandIn extends StandIn {
  cluster: ClusterState;
}

/** https://learn.microsoft.com/azure/aks/kubelogin-authentication */
const AUDIENCE = '6dae42f8-4368-4678-94ff-3960e28e3630';
const SECRET = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([^/]+)$/;
const MEDIA_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

export async function startKubernetes({
  now,
  verifyEntraToken,
  ...server
}: KubernetesOptions): Promise<KubernetesStandIn> {
  const cluster = createClusterState(now);
  const route = (
    method: string,
    verb: Verb,
    handle: (request: StandInRequest, user: string) => StandInResponse,
  ): Route => ({
    method,
    path: SECRET,
    async handle(request) {
      const user = await userOf(request, verifyEntraToken);
      if (user === undefined) return refuse(401, 'Unauthorized');
      return forbidden(cluster, user, verb, request.params) ?? handle(request, user);
    },
  });
  const standIn = await startStandIn({
    ...server,
    routes: [
      route('GET', 'get', ({ params: [namespace = '', name = ''] }) => {
        const found = cluster.find(namespace, name);
        return found ? { status: 200, body: secretBody(found) } : refuse(404, `secrets "${name}" not found`);
      }),
      route('PATCH', 'patch', (request, user) => patch(cluster, request, user, now())),
      ...peopleRoutes(cluster),
    ],
  });
  return { ...standIn, cluster };
}

/** The object id of the caller; undefined when the token is not for this cluster. */
async function userOf(request: StandInRequest, verify: VerifyEntraToken): Promise<string | undefined> {
  const token = bearerToken(request);
  const claims = token ? await verify(token) : undefined;
  return claims?.aud === AUDIENCE ? String(claims.oid) : undefined;
}

function forbidden(
  { grants }: ClusterState,
  user: string,
  verb: Verb,
  [namespace = '', name = '']: string[],
): StandInResponse | undefined {
  const isGranted = grants.some(
    grant =>
      grant.user === user &&
      grant.namespace === namespace &&
      grant.verbs.includes(verb) &&
      (grant.secret ?? name) === name,
  );
  if (isGranted) return undefined;
  const said = `User "${user}" cannot ${verb} resource "secrets" in API group "" in the namespace "${namespace}"`;
  return refuse(403, `secrets "${name}" is forbidden: ${said}`);
}

function patch(
  cluster: ClusterState,
  { url, headers, body, params }: StandInRequest,
  user: string,
  now: Date,
): StandInResponse {
  const [namespace = '', name = ''] = params;
  const mediaType = headers['content-type']?.split(';')[0] ?? '';
  if (mediaType !== 'application/apply-patch+yaml') {
    const accepted = `accepted media types include: ${MEDIA_TYPES.join(', ')}`;
    return refuse(415, `the body of the request was in an unknown format - ${accepted}`);
  }
  const manager = url.searchParams.get('fieldManager') ?? '';
  if (!manager) return invalidOption('fieldManager: Required value: is required for apply patch');
  const dryRun = url.searchParams.get('dryRun');
  if (dryRun !== null && dryRun !== 'All')
    return invalidOption(`dryRun: Unsupported value: "${dryRun}": supported values: "All"`);
  const manifest = readManifest(body);
  if (!manifest) return refuse(400, 'error decoding YAML: the object is no Secret');
  const { metadata } = manifest;
  if (metadata.name !== name)
    return refuse(
      400,
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
  if ((metadata.namespace ?? namespace) !== namespace)
    return refuse(
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    );

  const found = cluster.find(namespace, name);
  // An apply that creates needs the verb create for this name too.
  const notCreatable = found ? undefined : forbidden(cluster, user, 'create', params);
  if (notCreatable) return notCreatable;
  if (!cluster.namespaces.has(namespace)) return refuse(404, `namespaces "${namespace}" not found`);
  const force = url.searchParams.get('force') === 'true';
  const result = applied(found, { manifest, manager, force }, namespace, now);
  if ('status' in result) return result;
  const stored = dryRun ? result : cluster.store(result);
  return { status: found ? 200 : 201, body: secretBody(stored) };
}

function invalidOption(text: string): StandInResponse {
  return refuse(422, `PatchOptions.meta.k8s.io "" is invalid: ${text}`);
}

/** JSON is YAML too; no client here sends other YAML. */
function readManifest(body: Buffer): SecretManifest | undefined {
  try {
    return SecretManifest.parse(JSON.parse(body.toString()));
  } catch {
    return undefined;
  }
}

const Edited = z.strictObject({
  namespace: z.string(),
  name: z.string(),
  data: z.record(z.string(), z.string()).optional(),
});

/** What people do with kubectl: `edit-secret {namespace, name, data}` and `delete-secret {namespace, name}`. */
function peopleRoutes(cluster: ClusterState): Route[] {
  const route = (action: string, run: (edited: z.infer<typeof Edited>) => void): Route => ({
    method: 'POST',
    path: new RegExp(`^/_stand-in/${action}$`),
    handle({ body }) {
      const parsed = Edited.safeParse(JSON.parse(body.toString()));
      if (!parsed.success) return { status: 400, body: { error: z.prettifyError(parsed.error) } };
      run(parsed.data);
      return { status: 204 };
    },
  });
  return [
    route('edit-secret', ({ namespace, name, data = {} }) => cluster.edit(namespace, name, data)),
    route('delete-secret', ({ namespace, name }) => cluster.delete(namespace, name)),
  ];
}
