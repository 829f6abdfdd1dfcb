import { REPORT } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { ReportView, reportView } from '../shared/api/views/report.ts';
import { RefusedError, unknownRegistry } from '../shared/errors.ts';

httpFunction('registries-reconciliation', {
  method: 'GET',
  route: 'registries/{name}/reconciliation',
  role: 'Registries.Read',
  summary: 'Shows the last reconciliation of a registry, or the progress of the one under way',
  path: RegistryPath,
  answers: { 200: { description: 'The report.', body: ReportView, example: REPORT } },
  refusals: ['not-found'],
  async answer({ path: { name } }, { registries, reports, reconcileEveryMinutes }) {
    const registry = await registries.get(name);
    if (!registry) throw unknownRegistry(name);
    const report = await reports.get(name);
    if (!report) {
      const message = `${name} was not reconciled yet. POST /api/registries/${name}/reconcile starts it.`;
      throw new RefusedError('not-found', message);
    }
    return { status: 200, jsonBody: reportView(report, registry, reconcileEveryMinutes) };
  },
});
