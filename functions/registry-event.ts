import { app } from '@azure/functions';
import { handleEvent } from '../shared/images/receive.ts';
import { createLog } from '../shared/lib/log.ts';
import { withoutCauses } from '../shared/lib/redaction/without-causes.ts';
import { getServices } from '../shared/services.ts';

app.eventGrid('registry-event', {
  handler: (event, context) => withoutCauses(() => handleEvent(getServices(), event, createLog(context))),
});
