import { app } from '@azure/functions';
import { createLog } from '../shared/log.ts';
import { getServices } from '../shared/services.ts';
import { sweep } from '../shared/sweep.ts';

/** Below the functionTimeout of host.json, so that a sweep ends by itself. */
const BUDGET_MS = 4 * 60_000;

app.timer('reconcile', {
  schedule: '0 * * * * *',
  handler: (_timer, context) => sweep(getServices(), AbortSignal.timeout(BUDGET_MS), createLog(context)),
});
