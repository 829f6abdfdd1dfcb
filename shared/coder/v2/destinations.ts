import type { Fault } from '../../errors.ts';
import { compileGlob } from '../../policy/glob.ts';
import type { Organizations } from './organizations.ts';
import type { TemplateName } from './round.ts';
import type { Destination } from './words.ts';

/** One variable of one template, with what the rule says of it. */
export interface Place extends TemplateName {
  variable: string;
  destination: Destination;
}

/** Where an image of this repository goes. @throws ServiceError */
export function placesOf(
  organizations: Organizations,
  destinations: readonly Destination[],
  repository: string,
  signal: AbortSignal,
): Promise<Place[]> {
  const name = repository.split('/').at(-1) as string;
  return Promise.all(
    destinations.map(async destination => ({
      organization: await organizations.resolve(destination.organization, signal),
      // A dot or an underscore occurs in repositories and in no template's name.
      template: destination.template.replace('{name}', name.replaceAll(/[^a-zA-Z0-9]+/g, '-')),
      variable: variableOf(destination),
      destination,
    })),
  );
}

/** Name of the variable that is set. */
export function variableOf({ variable, as }: Pick<Destination, 'variable' | 'as'>): string {
  return variable ?? (as === 'catalog' ? 'images' : 'image');
}

/** A registry's rules, as far as they say where images go. */
export interface Declared {
  templates?: readonly Destination[] | undefined;
  policy: {
    rules: readonly {
      repository: string;
      action?: string | undefined;
      templates?: readonly Destination[] | undefined;
    }[];
  };
}

/** A destination of a rule, and where the rule says it. */
export interface DeclaredDestination {
  destination: Destination;
  path: string;
  /** Glob of the repositories that go there; everything where there are no rules. */
  repository: string;
}

/** Every destination that images can have. */
export function declaredDestinations({ templates, policy }: Declared): DeclaredDestination[] {
  const list = (found: readonly Destination[], path: string, repository: string) =>
    found.map((destination, i) => ({ destination, path: `${path}[${i}]`, repository }));
  if (policy.rules.length === 0) return list(templates ?? [], 'templates', '**');
  return policy.rules.flatMap((rule, i) => {
    if (rule.action === 'exclude') return [];
    return rule.templates
      ? list(rule.templates, `policy.rules[${i}].templates`, rule.repository)
      : list(templates ?? [], 'templates', rule.repository);
  });
}

/** Where images of this repository can go, by all rules. */
export function destinationsFor(declared: Declared, repository: string): Destination[] {
  const ours = declaredDestinations(declared).filter(found =>
    compileGlob(found.repository).matches(repository),
  );
  return ours.map(({ destination }) => destination);
}

const GLOB = /[*?[\]{}!]/;

/** A variable names one image, so what goes there must be one repository. */
export function refuseSeveralRepositories({
  destination,
  path,
  repository,
}: DeclaredDestination): Fault | undefined {
  if (destination.as === 'catalog' || destination.template.includes('{name}') || !GLOB.test(repository))
    return undefined;
  const message = `names one template for the images of several repositories (${repository}), which would take turns in its variable. Name one repository in the rule, let the template's name have {name} in it, the last part of the repository's name, or say "as": "catalog" for a list to choose from`;
  return { path: `${path}.template`, message };
}
