import { command, quote } from '../azure/commands.ts';
import { givesLogin } from '../credentials/kinds.ts';
import { EVENT_TYPES } from '../images/event.ts';
import type { Registry } from '../records/registry.ts';
import type { GuideContext, Step } from './guide.ts';
import { setPlaceholder } from './placeholders.ts';
import {
  assignRole,
  IN_ABAC_MODE,
  LISTER_IN_ABAC_MODE,
  OUTSIDE_ABAC_MODE,
  READER_IN_ABAC_MODE,
  showMode,
} from './roles.ts';

const PRINCIPAL = 'BRIDGE_PRINCIPAL_ID';

/** What the bridge's own identity needs, whatever Coder pulls with. */
export function letBridgeRead(registry: Registry, context: GuideContext): Step {
  return {
    heading: 'Let the bridge read the registry',
    doneByAzd: true,
    why: `The bridge asks Azure about the registry, and ${registry.loginServer} what each tag points to, with a managed identity of its own. It never pulls for Coder, and never writes.`,
    commands: [
      showMode(registry),
      { run: setPlaceholder(PRINCIPAL, context) },
      { run: assignRole(registry, 'Reader', PRINCIPAL) },
      { when: OUTSIDE_ABAC_MODE, run: assignRole(registry, 'AcrPull', PRINCIPAL) },
      { when: IN_ABAC_MODE, run: assignRole(registry, READER_IN_ABAC_MODE, PRINCIPAL) },
      { when: IN_ABAC_MODE, run: assignRole(registry, LISTER_IN_ABAC_MODE, PRINCIPAL) },
    ],
    troubles: [
      {
        sign: 'Azure goes on refusing after the role was assigned',
        meaning: 'Role assignments take some minutes to be heeded.',
        remedy:
          'Wait ten minutes. Then look whether it was assigned to the object id, and not to the client id.',
      },
    ],
  };
}

/** The command that has Event Grid send a registry's events to the bridge, an option on each line. */
export function createSubscription(resourceId: string): string[] {
  return [
    'az eventgrid event-subscription create',
    ...subscriptionOf(resourceId),
    '--endpoint-type azurefunction',
    '--endpoint "$BRIDGE_APP_ID/functions/registry-event"',
    `--included-event-types ${EVENT_TYPES.join(' ')}`,
  ];
}

function subscriptionOf(resourceId: string): string[] {
  return ['--name coder-acr-bridge', `--source-resource-id ${quote(resourceId)}`];
}

export function sendEvents({ resourceId }: Registry): Step {
  const [create = '', ...options] = createSubscription(resourceId);
  return {
    heading: 'Send its pushes to the bridge',
    doneByAzd: true,
    why: 'Event Grid tells the function `registry-event` of each image that is pushed or deleted. The bridge must be deployed first, since Event Grid asks it before it creates the subscription.',
    commands: [
      { run: command(create, ...options) },
      {
        run: command(
          'az eventgrid event-subscription show',
          ...subscriptionOf(resourceId),
          '--query provisioningState --output tsv',
        ),
        expect: 'Succeeded',
      },
    ],
    troubles: [
      {
        sign: '`The subscription is not registered to use namespace Microsoft.EventGrid`',
        meaning: 'The subscription of the registry has no event subscription yet.',
        remedy:
          'Run `az provider register --namespace Microsoft.EventGrid --wait` for it, then repeat the command.',
      },
    ],
  };
}

export function seeItArrive({ name, credential }: Registry, { bridgeUrl, settings }: GuideContext): Step {
  const kind = givesLogin(credential)
    ? 'Generic Registry'
    : 'Microsoft Azure Container Registry, without user name or password';
  const key = '--header "x-functions-key: $FUNCTION_KEY"';
  return {
    heading: 'See it arrive in Coder',
    why: `Nobody fills in Coder's dialog: the bridge adds the registry to ${settings.CODER_URL} together with its first image, as ${kind}. Reconciling imports what the registry holds already.`,
    commands: [
      { run: setPlaceholder('FUNCTION_KEY') },
      {
        run: command(
          `curl --silent --request POST ${key}`,
          quote(`${bridgeUrl}/api/registries/${name}/reconcile`),
        ),
        expect: `{"registry":"${name}","state":"running",…}`,
      },
      {
        run: command(`curl --silent ${key}`, quote(`${bridgeUrl}/api/images?registry=${name}`)),
        expect: `{"items":[{"registry":"${name}",…,"state":"imported",…}]}`,
      },
    ],
    troubles: [
      {
        sign: 'another state than `imported`',
        meaning: 'Its `reason` and `message` say what is in the way.',
        remedy: 'Do what its `remedy` says.',
      },
    ],
  };
}
