import type * as z from 'zod';
import type { SetupGuide } from '../guide/schema.ts';
import type { DiagnosisView } from './views/diagnosis.ts';
import type { ExplanationView } from './views/explanation.ts';
import type { ImageView } from './views/image.ts';
import type { RegistryView } from './views/registry.ts';
import type { ReportView } from './views/report.ts';
import type { SummaryView } from './views/summary.ts';

// Examples for the OpenAPI document. Names are those of `npm start`.

const RESOURCE_ID =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/coder/providers/Microsoft.ContainerRegistry/registries/contoso';

const policy = {
  rules: [
    { repository: 'scratch/**', action: 'exclude' as const },
    { repository: 'team/*', tag: { semver: '>=1.0.0' }, defaultTag: 'highest-semver' as const },
    { repository: 'samples/**' },
  ],
};

/** The declaration of a registry, without its credential. */
export const DECLARED = { resourceId: RESOURCE_ID, policy };

/** The sample registry has a random password instead of this one. */
export const CREDENTIAL = {
  kind: 'static' as const,
  username: 'coder-pull',
  password: 'the password of the token',
};

/** A registry that is added with its first image. */
export const NEW_REGISTRY = { name: 'contoso', resourceId: RESOURCE_ID, credential: CREDENTIAL };

export const REGISTRY: z.input<typeof RegistryView> = {
  name: 'contoso',
  resourceId: RESOURCE_ID,
  loginServer: 'contoso.azurecr.io',
  sku: 'Premium',
  credential: { kind: 'static', username: 'coder-pull' },
  rotation: { username: 'coder-pull', issuedOn: '2026-11-02T09:30:00.000Z' },
  policy,
  createdOn: '2026-11-02T09:30:00.000Z',
  updatedOn: '2026-11-02T09:30:00.000Z',
};

const DIGEST = 'sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865';

export const IMAGE: z.input<typeof ImageView> = {
  registry: 'contoso',
  repository: 'samples/workspace',
  tag: 'v1',
  reference: 'samples/workspace:v1',
  digest: DIGEST,
  pinnedReference: `contoso.azurecr.io/samples/workspace@${DIGEST}`,
  state: 'imported',
  reason: 'image-created',
  message: 'Coder imported the repository, with this tag as its first.',
  pushedOn: '2026-11-02T09:31:07.120Z',
  importedOn: '2026-11-02T09:31:08.904Z',
  latencyMs: 1_784,
  updatedOn: '2026-11-02T09:31:08.904Z',
  coderImageId: '5f2c1c2e-98b0-4f8e-a6a3-2d3a4f0e7c11',
};

/** A pending image, as lists show it. */
export const PENDING_IMAGE: z.input<typeof ImageView> = {
  registry: 'contoso',
  repository: 'team/app',
  tag: '1.2.0',
  reference: 'team/app:1.2.0',
  digest: DIGEST,
  state: 'pending',
  reason: 'coder-unavailable',
  message: 'Coder: 503 Service Unavailable',
  meaning: 'Coder did not answer, or answered with a server error.',
  remedy: 'Wait. If it stays, check CODER_URL and that Coder is up.',
  attempts: 3,
  nextAttemptOn: '2026-11-02T09:32:20.000Z',
  pushedOn: '2026-11-02T09:31:30.000Z',
  updatedOn: '2026-11-02T09:32:00.000Z',
};

const NONE_LEFT = { count: 0, images: [] };

export const REPORT: z.input<typeof ReportView> = {
  registry: 'contoso',
  state: 'completed',
  dryRun: false,
  startedOn: '2026-11-02T10:00:00.000Z',
  endedOn: '2026-11-02T10:00:09.000Z',
  total: 42,
  done: 42,
  repositories: { total: 5, done: 5 },
  differences: { 'missed-push': 1 },
  outcomes: { imported: 1 },
  left: {
    pending: {
      count: 1,
      images: [
        {
          repository: PENDING_IMAGE.repository,
          tag: PENDING_IMAGE.tag,
          reason: PENDING_IMAGE.reason,
          meaning: 'Coder did not answer, or answered with a server error.',
        },
      ],
    },
    failed: NONE_LEFT,
    skipped: NONE_LEFT,
    suspended: NONE_LEFT,
  },
  nextRunOn: '2026-11-02T16:00:09.000Z',
  findings: [
    {
      repository: 'team/app',
      tag: '1.1.0',
      difference: 'missed-push',
      meaning: 'The registry has a tag, or a digest under it, for which no event came.',
      state: 'imported',
      reason: 'tag-added',
    },
  ],
};

/** The same run after its start. */
export const BEGUN_REPORT: z.input<typeof ReportView> = {
  registry: 'contoso',
  state: 'running',
  dryRun: false,
  startedOn: REPORT.startedOn,
  total: 0,
  done: 0,
  repositories: { done: 0 },
  differences: {},
  outcomes: {},
  left: { pending: NONE_LEFT, failed: NONE_LEFT, skipped: NONE_LEFT, suspended: NONE_LEFT },
  findings: [],
};

/** A dry run for a tag that has moved. */
export const EXPLANATION: z.input<typeof ExplanationView> = {
  dryRun: true,
  registry: 'contoso',
  repository: 'samples/workspace',
  tag: 'v1',
  policy: { action: 'import', rule: 2 },
  found: { digest: DIGEST, kind: 'image', platforms: ['linux/amd64'] },
  wasAsked: true,
  calls: [{ method: 'POST', path: `/api/v0/images/${IMAGE.coderImageId}/tags/update` }],
  image: { ...IMAGE, reason: 'tag-refreshed', message: 'The tag had moved; Coder read its new digest.' },
};

/** The app lost its role on the registry. */
export const DIAGNOSIS: z.input<typeof DiagnosisView> = {
  registry: 'contoso',
  checkedOn: '2026-11-02T09:40:00.000Z',
  ok: false,
  findings: [
    {
      check: 'acr-exchange',
      ok: true,
      reason: 'ok',
      message: "contoso.azurecr.io accepts the identity's token.",
    },
    {
      check: 'repository-list',
      ok: false,
      reason: 'registry-unauthorized',
      message: 'contoso.azurecr.io: 401 authentication required',
      remedy: `Run: az role assignment create --role AcrPull --assignee-object-id 8a1f0a53-6a0c-4a86-b1a6-8f5d8d0a1c55 --assignee-principal-type ServicePrincipal --scope ${RESOURCE_ID}`,
    },
    {
      check: 'tag-list',
      ok: null,
      reason: 'not-checked',
      message: 'Not checked: it needs repository-list.',
    },
  ],
};

const COUNTS = {
  total: 42,
  byState: { imported: 41, failed: 1 },
  byReason: [
    { state: 'imported' as const, reason: 'already-in-coder' as const, count: 41 },
    { state: 'failed' as const, reason: 'coder-rejected' as const, count: 1 },
  ],
};

const LATENCY = { count: 12, p50Ms: 1_704, p95Ms: 2_310, maxMs: 2_518 };

export const SUMMARY: z.input<typeof SummaryView> = {
  asOf: '2026-11-02T09:40:00.000Z',
  images: COUNTS,
  registries: [
    {
      name: 'contoso',
      loginServer: 'contoso.azurecr.io',
      light: 'amber',
      causes: [
        {
          light: 'amber',
          reason: 'images-failed',
          message: 'Images failed: coder-rejected 1.',
          remedy: 'See GET /api/images?registry=contoso&state=failed: each image has its remedy.',
        },
      ],
      countedOn: '2026-11-02T09:40:00.000Z',
      images: COUNTS,
      lastEventOn: '2026-11-02T09:31:07.120Z',
      credential: { kind: 'static', issuedOn: '2026-11-02T09:30:00.000Z', endsSoon: false },
      reconciliation: { nextRunOn: '2026-11-02T15:30:00.000Z' },
      latency: { ...LATENCY, hours: [{ startsOn: '2026-11-02T09:00:00.000Z', ...LATENCY }] },
    },
  ],
  templates: [],
};

/** The start of a guide. */
export const GUIDE: SetupGuide = {
  title: 'Set up contoso.azurecr.io for Coder',
  registry: 'contoso',
  loginServer: 'contoso.azurecr.io',
  credentialKind: 'static',
  about: 'From an Azure Container Registry to workspaces in Coder.',
  placeholders: [],
  steps: [
    {
      heading: 'Let the bridge read the registry',
      why: 'The bridge asks the registry what each tag points to.',
      commands: [{ run: 'az acr show --name contoso --query roleAssignmentMode --output tsv' }],
    },
  ],
};
