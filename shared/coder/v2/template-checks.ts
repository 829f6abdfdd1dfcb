import { ServiceError } from '../../errors.ts';
import { type Check, fine, unclear, type Verdict, wrong } from '../../lib/check.ts';
import type { TargetDiagnosis } from '../target.ts';
import { offers } from './catalog/usage.ts';
import { parseCatalog } from './catalog/value.ts';
import type { V2Client } from './client.ts';
import { type Declared, declaredDestinations, variableOf } from './destinations.ts';
import { textOf } from './facts.ts';
import { checkProvisioners, type NamedTemplate } from './provisioner-check.ts';
import { refuseVariable } from './refuse-variable.ts';
import { checkRights } from './rights-check.ts';
import type { CoderTemplate } from './schema.ts';

/** A variable of a template that images go to, as the rules name it. */
interface Named extends NamedTemplate {
  variable: string;
  /** A workspace is started before the promotion. */
  hasCanary: boolean;
  /** The variable holds a list of images. */
  isCatalog: boolean;
}

/** Whether Coder has the templates that images go to, and the bridge may and can build them. */
export function templateChecks(
  coder: V2Client,
  organization: string,
  now: () => Date,
): Check<TargetDiagnosis>[] {
  const found = new Map<string, Promise<CoderTemplate | undefined>>();

  /** Coder is asked once for each template, not once for each check. */
  function find({ organization, template }: Named, signal: AbortSignal): Promise<CoderTemplate | undefined> {
    const key = `${organization}/${template}`;
    const known = found.get(key) ?? coder.findTemplate(organization, template, signal);
    found.set(key, known);
    return known;
  }

  /** A check of each template that Coder has. @param fine what is said when nothing is wrong, before the names */
  function perTemplate(
    check: Pick<Check<TargetDiagnosis>, 'name' | 'truth'> & { fine: string },
    look: (template: CoderTemplate, named: Named, signal: AbortSignal) => Promise<Verdict | undefined>,
  ): Check<TargetDiagnosis> {
    const { name, truth } = check;
    return {
      ...{ name, truth, needs: ['template-exists'] },
      run: ({ registry, signal }) =>
        forEach(namedBy(registry, organization), check.fine, async named => {
          const template = await find(named, signal);
          return template && look(template, named, signal);
        }),
    };
  }

  return [
    {
      name: 'templates-named',
      truth: 'A rule, or the registry, says which template images go to.',
      needs: ['registry-record', 'coder-token'],
      async run({ registry }) {
        const templates = declaredDestinations(registry).map(({ destination }) => destination.template);
        if (templates.length > 0) return fine(`Images go to ${list(templates)}.`);
        const remedy = `PUT /api/registries/${registry.name} with templates, such as "templates": [{"template": "kubernetes"}].`;
        return wrong('no-template', 'No image of this registry goes to any template.', remedy);
      },
    },
    {
      name: 'template-exists',
      truth: 'Coder shows the bridge each template, and none is deprecated.',
      needs: ['templates-named'],
      run: ({ registry, signal }) =>
        forEach(namedBy(registry, organization), 'Coder shows the bridge', async named => {
          const template = await find(named, signal);
          return template ? checkDeprecated(template) : missing(named);
        }),
    },
    perTemplate(
      {
        name: 'template-variable',
        truth:
          'Each template declares the variable, as a string that is not sensitive. A parameter offers the images of a catalog.',
        fine: 'The variable is declared by',
      },
      async ({ active_version_id: id }, named, signal) => {
        const variables = await coder.listVariables(id, signal);
        const refused = checkVariable(named, variables);
        const [first] = parseCatalog(textOf({ variables }, named.variable)) ?? [];
        if (refused || !named.isCatalog || !first) return refused;
        const parameters = await coder.listParameters(id, signal);
        return parameters.some(offers(first.id)) ? undefined : notOffered(named);
      },
    ),
    perTemplate(
      {
        name: 'coder-rights',
        truth:
          'The token may make and promote versions of each template; make workspaces where a canary is declared, and read them for a catalog.',
        fine: 'The token may change',
      },
      (template, named, signal) => checkRights(coder, template, named, signal),
    ),
    perTemplate(
      {
        name: 'template-builds',
        truth: 'A provisioner that Coder has seen lately has the tags of each template.',
        fine: 'A provisioner is there for',
      },
      (template, named, signal) => checkProvisioners(coder, named, template, now(), signal),
    ),
  ];
}

/** Without those whose names come from the repository: there is one for each that is pushed. */
function namedBy(registry: Declared, defaultOrganization: string): Named[] {
  return declaredDestinations(registry)
    .map(({ destination }) => destination)
    .filter(({ template }) => !template.includes('{name}'))
    .map(destination => {
      const { organization = defaultOrganization, template, canary } = destination;
      return {
        organization,
        template,
        variable: variableOf(destination),
        hasCanary: canary !== undefined,
        isCatalog: destination.as === 'catalog',
      };
    });
}

/** The first verdict that is not fine. */
async function forEach(
  named: readonly Named[],
  truth: string,
  look: (named: Named) => Promise<Verdict | undefined>,
): Promise<Verdict> {
  if (named.length === 0) return fine('The name of each template has the name of the repository in it.');
  try {
    for (const each of named) {
      const verdict = await look(each);
      if (verdict) return verdict;
    }
    return fine(`${truth} ${list(named.map(({ template }) => template))}.`);
  } catch (error) {
    if (error instanceof ServiceError) return unclear(error.message);
    throw error;
  }
}

function list(names: readonly string[]): string {
  return [...new Set(names)].join(', ');
}

function missing({ organization, template }: Named): Verdict {
  return wrong(
    'template-missing',
    `Coder shows the bridge no template ${template} in the organization ${organization}.`,
    "Compare with: coder templates list\nGive the bridge's user the role organization-template-admin, or the role admin on the template.",
  );
}

function checkDeprecated({ name, deprecated, deprecation_message }: CoderTemplate): Verdict | undefined {
  if (!deprecated) return undefined;
  return wrong(
    'template-deprecated',
    `The template ${name} is deprecated: ${deprecation_message}`,
    'Name its successor in the policy, or take the deprecation back.',
  );
}

function checkVariable(
  { template, variable }: Named,
  variables: Parameters<typeof refuseVariable>[1],
): Verdict | undefined {
  const refused = refuseVariable(variable, variables);
  if (!refused) return undefined;
  const remedy = `Add to the template ${template}, and push it: variable "${variable}" { type = string }`;
  return wrong(refused.reason, `${template}: ${refused.message}`, remedy);
}

function notOffered({ template, variable }: Named): Verdict {
  return wrong(
    'catalog-not-offered',
    `No parameter of the template ${template} has the ids of the catalog ${variable} as its options, so that people cannot choose, and the bridge removes no entry, as it cannot see who uses it.`,
    'Add the parameter that docs/coder-v2.md shows to the template, and push it.',
  );
}
