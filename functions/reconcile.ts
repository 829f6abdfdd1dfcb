import { app, type InvocationContext } from '@azure/functions';
import { sweep } from '../shared/images/sweep.ts';
import { createLog } from '../shared/lib/log.ts';
import { withoutCauses } from '../shared/lib/redaction/without-causes.ts';
import { timeLimit } from '../shared/lib/time-limit.ts';
import { tidyTarget } from '../shared/reconciliation/tidy.ts';
import { reconcileDue } from '../shared/reconciliation/timer.ts';
import { getServices } from '../shared/services.ts';
import { summarizeDue } from '../shared/summary/timer.ts';

/** Work under way then has 20 s to end, before the next run of the timer. */
const BUDGET_MS = 40_000;

app.timer('reconcile', {
  schedule: '0 * * * * *',
  handler: (_timer, context) => withoutCauses(() => reconcile(context)),
});

async function reconcile(context: InvocationContext): Promise<void> {
  const services = getServices();
  const signal = timeLimit(BUDGET_MS);
  const log = createLog(context);
  // Due images must not wait for the reconciliation of a large registry.
  await Promise.all([
    sweep(services, signal, log),
    reconcileDue(services, signal, log),
    summarizeDue(services, signal, log),
    tidyTarget(services, signal, log),
  ]);
}
