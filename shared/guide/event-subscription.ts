import { quote } from '../azure/commands.ts';
import { EVENT_TYPES } from '../images/event.ts';

/** The command that has Event Grid send a registry's events to the bridge, an option on each line. */
export function createSubscription(resourceId: string): string[] {
  return [
    'az eventgrid event-subscription create',
    '--name coder-acr-bridge',
    `--source-resource-id ${quote(resourceId)}`,
    '--endpoint-type azurefunction',
    '--endpoint "$BRIDGE_APP_ID/functions/registry-event"',
    `--included-event-types ${EVENT_TYPES.join(' ')}`,
  ];
}
