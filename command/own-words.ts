type Replacement = readonly [call: RegExp, verb: string | ((...found: string[]) => string)];

/** Calls of the HTTP API in texts of the bridge, and the verb of this command that does the same. */
const VERBS: readonly Replacement[] = [
  [/GET \/api\/registries\/([\w-]+)\/diagnostics/g, '`doctor $1`'],
  [/POST \/api\/registries\/([\w-]+)\/rotate\?compromised=true/g, '`rotate $1 --compromised`'],
  [/POST \/api\/registries\/([\w-]+)\/(rotate|reconcile)\b(?!\?)/g, '`$2 $1`'],
  [/GET \/api\/images\?registry=([\w-]+)&state=(\w+)/g, '`images $1 --state $2`'],
  [/POST \/api\/templates\/([^/\s]+)\/([^/\s]+)\/(promote|rollback)\b/g, '`$3 $1/$2`'],
  [/POST \/api\/images\/replay (\{[^}]*\})/g, (_, body = '') => replay(body)],
  [/POST \/api\/images\/replay with the reason ([\w-]+)/g, '`replay REGISTRY --reason $1`'],
  [/GET \/api\/registries(?![/\w])/g, '`status`'],
];

/**
 * A text of the bridge, with the verbs of this command in place of the calls that they make.
 * @param template that fills `{organization}/{template}`
 */
export function inOwnWords(text: string, template?: { organization: string; template: string }): string {
  const name = template ? `${template.organization}/${template.template}` : '{organization}/{template}';
  let own = text.replaceAll('{organization}/{template}', () => name);
  for (const [call, verb] of VERBS) own = own.replaceAll(call, verb as string);
  return own;
}

function replay(body: string): string {
  const { registry, reason } = JSON.parse(body) as { registry: string; reason?: string };
  const filter = reason ? ` --reason ${reason}` : '';
  return `\`replay ${registry}${filter}\``;
}
