import { ADDING_REFUSALS } from '../shared/api/adding-refusals.ts';
import { EXPLANATION, NEW_REGISTRY } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { IMPORT_ANSWERS, importAnswer } from '../shared/api/import-answer.ts';
import { DryRunQuery } from '../shared/api/requests/queries.ts';
import { ExplanationView, explanationView } from '../shared/api/views/explanation.ts';
import { explainImport } from '../shared/images/explain.ts';
import { importRequested } from '../shared/images/import-requested.ts';
import { ImportInput } from '../shared/images/request.ts';

const WORKSPACE = { repository: 'samples/workspace', tag: 'v1' };

httpFunction('images-post', {
  method: 'POST',
  route: 'images',
  role: 'Images.Import',
  furtherRole: {
    role: 'Registries.Write',
    when: 'with `newRegistry`',
    applies: ({ newRegistry }) => newRegistry !== undefined,
  },
  summary: "Imports an image, as Coder's dialog does",
  description:
    'A dry run changes nothing, and explains what the import would do and why. With `newRegistry` the image is looked for first; a refusal leaves no registry behind.',
  query: DryRunQuery,
  body: ImportInput,
  examples: {
    'known registry': { registry: 'contoso', ...WORKSPACE, cpuCores: 2, memoryGb: 4 },
    'new registry': { newRegistry: NEW_REGISTRY, ...WORKSPACE },
  },
  answers: {
    ...IMPORT_ANSWERS,
    200: {
      description:
        'Coder had the tag already; `message` says what the call changed of its image. Or the result of a dry run.',
      body: ExplanationView,
      example: EXPLANATION,
    },
  },
  refusals: ['not-found', 'credential-kind-fixed', ...ADDING_REFUSALS],
  answersNotImported: true,
  async answer({ body, query: { dryRun }, signal, log }, services) {
    const { now } = services;
    if (dryRun) {
      const explanation = await explainImport(services, body, signal);
      const { record, registry, calls } = explanation;
      const wouldAnswer =
        record && importAnswer({ record, registry, changed: calls.length > 0 }, now()).status;
      return { status: 200, jsonBody: { ...explanationView(explanation, body), wouldAnswer } };
    }
    return importAnswer(await importRequested(services, body, signal, log), now());
  },
});
