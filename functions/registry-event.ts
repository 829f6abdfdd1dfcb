import { app } from '@azure/functions';
import { handleEvent } from '../shared/images/receive.ts';
import { createLog } from '../shared/lib/log.ts';
import { getServices } from '../shared/services.ts';

app.eventGrid('registry-event', {
  handler: (event, context) => handleEvent(getServices(), event, createLog(context)),
});
