import { app } from '@azure/functions';
import { sweepUntil } from '../shared/images/sweep.ts';
import { createLog } from '../shared/lib/log.ts';
import { reconcileDue } from '../shared/reconciliation/timer.ts';
import { getServices } from '../shared/services.ts';

/** What is under way then has 20 s to end, so that the next minute's turn is not missed. */
const BUDGET_MS = 40_000;

app.timer('reconcile', {
  schedule: '0 * * * * *',
  async handler(_timer, context) {
    const services = getServices();
    const signal = AbortSignal.timeout(BUDGET_MS);
    const endsOn = new Date(Date.now() + BUDGET_MS);
    const log = createLog(context);
    // What is due is not to wait for the comparison of a large registry.
    await Promise.all([sweepUntil(services, endsOn, signal, log), reconcileDue(services, signal, log)]);
  },
});
