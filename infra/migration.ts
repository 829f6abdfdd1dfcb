import * as z from 'zod';
import { ClassicRegistryWords } from '../shared/coder/classic/words.ts';
import { Policy, type Rule } from '../shared/policy/policy.ts';

/** A registry as `GET /registries/{name}` of a bridge for Coder Classic shows it, or only its policy, or only the rules. */
export const ClassicRegistry = z.preprocess(
  value => {
    if (Array.isArray(value)) return { policy: { rules: value } };
    return typeof value === 'object' && value && 'rules' in value ? { policy: value } : value;
  },
  z.object({
    ...ClassicRegistryWords.shape,
    resourceId: z.string().optional(),
    credential: z.object({ kind: z.string() }).optional(),
    policy: Policy,
    suspended: z.boolean().optional(),
    pinned: z.boolean().optional(),
    reconcileEveryMinutes: z.int().optional(),
  }),
);
type ClassicRegistry = z.output<typeof ClassicRegistry>;

export interface Migration {
  /** As `PUT /registries/{name}` of a bridge for Coder v2 takes it, except for a `resourceId` that was not given. */
  declaration: object;
  /** What has no counterpart, or another meaning. */
  notes: string[];
}

/** What the variable of a template names: one tag of its repository, or those that people choose among. */
type As = 'image' | 'catalog';

/** The declaration for Coder v2 that comes nearest: each repository has a template of its own, by its last part. */
export function migrate(registry: ClassicRegistry, as: As = 'image'): Migration {
  const { resourceId, suspended, pinned, reconcileEveryMinutes, policy } = registry;
  return {
    declaration: {
      ...{ resourceId, credential: { kind: 'managed-identity' } },
      ...{ suspended, pinned, reconcileEveryMinutes },
      templates: [{ template: '{name}', ...(as === 'catalog' && { as }) }],
      policy: { rules: policy.rules.map(rule => migrateRule(rule, as)) },
    },
    notes: [
      ...aboutRegistry(registry, as),
      ...aboutNames(policy.rules),
      ...policy.rules.flatMap((rule, i) => aboutRule(rule, as).map(note => `policy.rules[${i}].${note}`)),
    ],
  };
}

function migrateRule({ defaults, ...rule }: Rule, as: As): object {
  const { description } = defaults ?? {};
  return { ...rule, ...(as === 'catalog' && description && { defaults: { description } }) };
}

const ABOUT_TAGS: Record<As, string> = {
  image: 'With --catalog people choose among the tags, as they did.',
  catalog: 'People choose among its tags, which takes the variable images and a parameter in the template.',
};

function aboutRegistry({ organizationId, pinned, credential }: ClassicRegistry, as: As): string[] {
  const notes = [
    `templates: Coder needs a template for each repository, with the last part of its name. To name others, write templates into the rules. ${ABOUT_TAGS[as]}`,
  ];
  if (credential && credential.kind !== 'managed-identity') {
    notes.push(
      `credential: ${credential.kind} is managed-identity now, since in Coder v2 the nodes pull, with an identity that has AcrPull.`,
    );
  }
  if (organizationId) {
    notes.push(
      'organizationId: left out. Coder v2 has other organizations; write organization into the templates.',
    );
  }
  if (pinned) notes.push('pinned: the bridge builds each version, and a person promotes it.');
  return notes;
}

/** Names of repositories of which no template can be called, or which are the same. */
function aboutNames(rules: readonly Rule[]): string[] {
  const names = rules
    .filter(({ action }) => action !== 'exclude')
    .map(({ repository }) => repository.split('/').at(-1) as string)
    .filter(name => /^[\w.-]+$/.test(name));
  const odd = names.filter(name => /[._]/.test(name));
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) < i))];
  return [
    ...odd.map(name => `templates: the template of ${name} has dashes for dots and underscores.`),
    ...twice.map(
      name => `templates: several repositories end in ${name}. Name a template in each of their rules.`,
    ),
  ];
}

function aboutRule({ action, defaults, defaultTag, pinned, onDelete }: Rule, as: As): string[] {
  const notes: string[] = [];
  if (action === 'exclude') return notes;
  const isLost = (name: string) => as === 'image' || name !== 'description';
  const lost = Object.keys(defaults ?? {})
    .filter(isLost)
    .join(', ');
  if (lost) notes.push(`defaults: ${lost} left out, since in Coder v2 the template itself says this.`);
  if (!defaultTag) notes.push('defaultTag: none meant the first tag; now the template follows the newest.');
  if (defaultTag === 'never')
    notes.push('defaultTag: never now means the first tag, since a template always names an image.');
  if (pinned) notes.push('pinned: the bridge builds each version, and a person promotes it.');
  if (onDelete === 'remove' && as === 'image')
    notes.push('onDelete: the template names the next best tag, and keeps its last image.');
  return notes;
}
