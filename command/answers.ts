import * as z from 'zod';

// What the command reads of the bridge's answers; what it does not read it passes on with --json.

/** An image record. */
export const Image = z.looseObject({
  registry: z.string(),
  repository: z.string(),
  tag: z.string(),
  digest: z.string().optional(),
  pinnedReference: z.string().optional(),
  state: z.string(),
  reason: z.string(),
  message: z.string(),
  meaning: z.string().optional(),
  remedy: z.string().optional(),
  nextAttemptOn: z.string().optional(),
  updatedOn: z.string(),
  coder: z
    .looseObject({
      templates: z
        .array(z.looseObject({ organization: z.string(), template: z.string(), reason: z.string() }))
        .optional(),
    })
    .optional(),
});
export type Image = z.infer<typeof Image>;

export const Images = z.looseObject({ items: z.array(Image), continuationToken: z.string().optional() });

/** A registry, with the rotation of its credential. */
export const Registry = z.looseObject({
  name: z.string(),
  loginServer: z.string(),
  lastEventOn: z.string().optional(),
  rotation: z.looseObject({
    step: z.string().optional(),
    revokeOn: z.string().optional(),
    lastResult: z
      .looseObject({
        on: z.string(),
        outcome: z.string(),
        reason: z.string(),
        message: z.string(),
        remedy: z.string().optional(),
      })
      .optional(),
  }),
});
export type Registry = z.infer<typeof Registry>;

export const Registries = z.looseObject({ items: z.array(z.looseObject({ name: z.string() })) });

const Lit = {
  light: z.enum(['green', 'amber', 'red']),
  causes: z.array(z.looseObject({ message: z.string(), remedy: z.string().optional() })),
};

export const Summary = z.looseObject({
  asOf: z.string().optional(),
  images: z.looseObject({ total: z.number(), byState: z.record(z.string(), z.number()) }),
  registries: z.array(
    z.looseObject({
      name: z.string(),
      ...Lit,
      images: z.looseObject({ byState: z.record(z.string(), z.number()) }),
      lastEventOn: z.string().optional(),
      latency: z.looseObject({ p50Ms: z.number().optional(), p95Ms: z.number().optional() }),
    }),
  ),
  templates: z.array(z.looseObject({ organization: z.string(), template: z.string(), ...Lit })),
});
export type Summary = z.infer<typeof Summary>;

export const Template = z.looseObject({
  organization: z.string(),
  template: z.string(),
  exists: z.boolean(),
  active: z.looseObject({ version: z.string(), createdOn: z.string(), createdBy: z.string() }).optional(),
  wanted: z.record(z.string(), z.string()),
  building: z.looseObject({ version: z.string(), since: z.string() }).optional(),
  held: z.record(z.string(), z.array(z.string())),
  failed: z.looseObject({ reason: z.string(), message: z.string() }).optional(),
  outdatedWorkspaces: z.number().optional(),
});
export type Template = z.infer<typeof Template>;

export const Templates = z.looseObject({ items: z.array(Template) });
export type Templates = z.infer<typeof Templates>;

export const Report = z.looseObject({
  registry: z.string(),
  state: z.enum(['running', 'completed', 'failed']),
  dryRun: z.boolean(),
  startedOn: z.string(),
  total: z.number(),
  done: z.number(),
  reason: z.string().optional(),
  message: z.string().optional(),
  remedy: z.string().optional(),
  nextAttemptOn: z.string().optional(),
  left: z.record(z.string(), z.looseObject({ count: z.number() })),
  findings: z.array(
    z.looseObject({
      repository: z.string(),
      tag: z.string(),
      difference: z.string(),
      state: z.string().optional(),
      reason: z.string().optional(),
    }),
  ),
  findingsLeftOut: z.number().optional(),
});
export type Report = z.infer<typeof Report>;

export const Explained = z.looseObject({
  policy: z.looseObject({ action: z.string(), rule: z.number().optional() }),
  found: z.looseObject({ digest: z.string(), kind: z.string() }).nullable(),
  /** Whether the registry was asked: without `found` it then has no such tag. */
  wasAsked: z.boolean(),
  calls: z.array(z.looseObject({ method: z.string(), path: z.string() })),
  image: z.looseObject({ state: z.string(), remedy: z.string().optional() }).nullable(),
  reason: z.string().optional(),
  message: z.string().optional(),
  wouldAnswer: z.number().optional(),
});

export const Diagnosis = z.looseObject({
  registry: z.string(),
  findings: z.array(
    z.looseObject({
      check: z.string(),
      ok: z.boolean().nullable(),
      reason: z.string(),
      message: z.string(),
      remedy: z.string().optional(),
    }),
  ),
});
export type Finding = z.infer<typeof Diagnosis>['findings'][number];
