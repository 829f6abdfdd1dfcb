import { quote } from '../azure/az-commands.ts';
import { EVENT_TYPES } from '../images/event.ts';

/** The command that makes Event Grid send a registry's events to the bridge, one option per line. */
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
