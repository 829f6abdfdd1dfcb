import { app } from '@azure/functions';
import { createLog } from '../shared/lib/log.ts';
import { withoutCauses } from '../shared/lib/redaction/without-causes.ts';
import { timeLimit } from '../shared/lib/time-limit.ts';
import { RUN_BUDGET_MS } from '../shared/rotation/rotate.ts';
import { rotateDue } from '../shared/rotation/timer.ts';
import { getServices } from '../shared/services.ts';
import { DEFAULT_ROTATE_SCHEDULE } from '../shared/settings.ts';

app.timer('rotate-credentials', {
  // The platform asks for the schedule before any setting is checked.
  schedule: process.env.ROTATE_SCHEDULE || DEFAULT_ROTATE_SCHEDULE,
  handler: (_timer, context) =>
    withoutCauses(async () => {
      const services = getServices();
      const log = createLog(context);
      await Promise.all([
        rotateDue(services, timeLimit(RUN_BUDGET_MS), log),
        services.tokenRenewal?.run(log),
      ]);
    }),
});
