import * as z from 'zod';
import { GUIDE } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { unknownRegistry } from '../shared/errors.ts';
import { setupGuide } from '../shared/guide/guide.ts';
import { toMarkdown } from '../shared/guide/markdown.ts';
import { SetupGuide } from '../shared/guide/schema.ts';
import { timeLimit } from '../shared/lib/time-limit.ts';

const MARKDOWN = 'text/markdown';
/** A guide without these facts serves as well. */
const FACTS_BUDGET_MS = 10_000;
const FORMATS = ['json', 'markdown'] as const;

httpFunction('registries-setup', {
  method: 'GET',
  route: 'registries/{name}/setup',
  role: 'Registries.Read',
  summary: 'Shows how to set up the registry from end to end, with its values filled in',
  path: RegistryPath,
  query: z.strictObject({
    format: z.enum(FORMATS, `must be one of ${FORMATS.join(', ')}`).optional(),
    template: z
      .string()
      .regex(/^[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$/, 'must be the name of a template')
      .optional()
      .describe('With Coder v2: name of the template to set up, where no rule names it yet.'),
  }),
  headers: { accept: `\`${MARKDOWN}\` asks for a document instead of JSON, as \`format=markdown\` does.` },
  answers: {
    200: {
      description: 'The guide.',
      body: SetupGuide,
      example: GUIDE,
      content: {
        [MARKDOWN]: { schema: z.string(), example: `# ${GUIDE.title}\n\n${GUIDE.about}\n` },
      },
    },
  },
  refusals: ['not-found'],
  async answer(
    { path: { name }, query: { format, template }, request },
    { registries, settings, setupFacts },
  ) {
    const registry = await registries.get(name);
    if (!registry) throw unknownRegistry(name);
    const { origin: bridgeUrl } = new URL(request.url);
    const coder = await setupFacts?.(registry, template, timeLimit(FACTS_BUDGET_MS));
    const guide = setupGuide(registry, { settings, coder, clientId: settings.AZURE_CLIENT_ID, bridgeUrl });
    const vary = { vary: 'accept' };
    const wanted = format ?? (prefersMarkdown(request.headers.get('accept') ?? '') ? 'markdown' : 'json');
    return wanted === 'json'
      ? { status: 200, headers: vary, jsonBody: guide }
      : {
          status: 200,
          headers: { ...vary, 'content-type': `${MARKDOWN}; charset=utf-8` },
          body: toMarkdown(guide),
        };
  },
});

function prefersMarkdown(accept: string): boolean {
  return weight(accept, MARKDOWN) > weight(accept, 'application/json');
}

/** A client's preference for a media type, from 0 to 1 (RFC 9110, 12.5.1). */
function weight(accept: string, type: string): number {
  for (const range of accept.toLowerCase().split(',')) {
    const [name, ...parameters] = range.split(';').map(part => part.trim());
    if (name !== type) continue;
    const quality = parameters.find(parameter => parameter.startsWith('q='));
    return quality ? Number(quality.slice(2)) || 0 : 1;
  }
  return 0;
}
