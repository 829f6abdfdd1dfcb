import type { V2Client } from './client.ts';
import type { TemplateName } from './round.ts';
import type { CoderTemplate, CoderVariable, CoderVersion } from './schema.ts';

/** A template with its active version. */
export interface FoundTemplate {
  template: CoderTemplate;
  active: CoderVersion | undefined;
  variables: readonly CoderVariable[];
}

/** undefined when Coder shows no such template. @throws ServiceError */
export async function readFound(
  coder: V2Client,
  { organization, template: name }: TemplateName,
  signal: AbortSignal,
): Promise<FoundTemplate | undefined> {
  const template = await coder.findTemplate(organization.id, name, signal);
  if (!template) return undefined;
  const [active, variables] = await Promise.all([
    coder.getVersion(template.active_version_id, signal),
    coder.listVariables(template.active_version_id, signal),
  ]);
  return { template, active, variables };
}
