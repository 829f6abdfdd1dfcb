import { BEGUN_REPORT } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { DryRunQuery } from '../shared/api/requests/queries.ts';
import { RETRY_AFTER, retryAfter } from '../shared/api/retry-after.ts';
import { ReportView, reportView } from '../shared/api/views/report.ts';
import { describe, unknownRegistry } from '../shared/errors.ts';
import { createLog } from '../shared/lib/log.ts';
import { timeLimit } from '../shared/lib/time-limit.ts';
import { reconcile } from '../shared/reconciliation/reconcile.ts';
import type { Services } from '../shared/services.ts';

/** The timer does what is not done by then; without this call it would start within a minute. */
const BUDGET_MS = 40_000;

httpFunction('registries-reconcile', {
  method: 'POST',
  route: 'registries/{name}/reconcile',
  role: 'Registries.Write',
  summary: 'Reconciles a registry: makes registry, records and Coder agree',
  description:
    'Joins the run that is under way, if there is one. A dry run only reports the differences, and how a real run would end for each.',
  path: RegistryPath,
  query: DryRunQuery,
  answers: {
    202: {
      description: 'It has started.',
      body: ReportView,
      headers: { location: 'Where the report is.', ...RETRY_AFTER },
      example: BEGUN_REPORT,
    },
  },
  refusals: ['not-found'],
  async answer({ path: { name }, query: { dryRun }, request }, services) {
    const registry = await services.registries.get(name);
    if (!registry) throw unknownRegistry(name);
    const report = await services.reports.start(name, dryRun);
    void carryOn(services, name);
    const location = new URL(request.url).pathname.replace(/reconcile$/, 'reconciliation');
    const jsonBody = reportView(report, registry, services.reconcileEveryMinutes);
    return { status: 202, headers: { location, ...retryAfter({}, services.now()) }, jsonBody };
  },
});

/** Goes on after the answer, when the invocation's own log is no longer usable. */
async function carryOn(services: Services, name: string): Promise<void> {
  const log = createLog(console);
  await reconcile(services, name, timeLimit(BUDGET_MS), log).catch((error: unknown) =>
    log.error('reconciliation incomplete', { registry: name, message: describe(error) }),
  );
}
