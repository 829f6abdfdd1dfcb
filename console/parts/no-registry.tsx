import { Command } from './command.tsx';

/** What an empty bridge shows: the first thing to do. */
export function NoRegistry() {
  return (
    <div class="note">
      <p>
        <strong>No registry yet.</strong> Add one; from then on each push to it comes here.
      </p>
      <Command
        text={`curl -X PUT -H "x-functions-key: $FUNCTION_KEY" -H 'content-type: application/json' ${location.origin}/api/registries/NAME -d '{ "resourceId": "'$(az acr show --name NAME --query id --output tsv)'", "credential": { "kind": "token" } }'`}
      />
    </div>
  );
}
