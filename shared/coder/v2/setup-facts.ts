import type { Delivery } from '../../delivery/kinds/all.ts';
import { ServiceError } from '../../errors.ts';
import type { V2Client } from './client.ts';
import { type Declared, declaredDestinations, variableOf } from './destinations.ts';
import { type Release, releaseOf } from './release.ts';
import { changeTemplate, type TemplateChange } from './template-change.ts';
import { readTemplateSource } from './template-source.ts';

/** What Coder says that a person needs to know who sets it up; what it does not say is absent. */
export interface SetupFacts {
  release?: Release | undefined;
  template?: { name: string; variable: string; isCatalog?: boolean; change: TemplateChange | undefined };
}

/**
 * Asks Coder for its release, and for the source of a template.
 * @param wanted name of a template; when absent, the first that the registry names
 */
export async function readSetupFacts(
  coder: V2Client,
  defaultOrganization: string,
  registry: Declared & { delivery?: Delivery | undefined },
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<SetupFacts> {
  const destinations = declaredDestinations(registry).map(({ destination }) => destination);
  const declared = destinations.find(({ template }) =>
    wanted === undefined ? !template.includes('{name}') : template === wanted,
  );
  const name = wanted ?? declared?.template;
  const { organization = defaultOrganization } = declared ?? {};
  const variable = variableOf(declared ?? {});
  const isCatalog = declared?.as === 'catalog';
  const [info, source] = await Promise.all([
    told(coder.buildInfo(signal)),
    name && told(readTemplateSource(coder, organization, name, signal)),
  ]);
  return {
    release: info && releaseOf(info.version),
    ...(name && {
      // How a list is used is not told by one line.
      template: {
        ...{ name, variable, isCatalog },
        change: source && !isCatalog ? changeTemplate(source, variable, pullSecretOf(registry)) : undefined,
      },
    }),
  };
}

/** Name of the Secret that the bridge itself puts into the cluster. */
function pullSecretOf({ delivery }: { delivery?: Delivery | undefined }): string | undefined {
  return delivery?.kind === 'kubernetes' ? delivery.secret : undefined;
}

/** A guide is of use also while Coder does not answer, or does not show this. */
function told<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof ServiceError) return undefined;
    throw error;
  });
}
