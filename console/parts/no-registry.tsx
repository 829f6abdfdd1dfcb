import { Command } from './command.tsx';

/** What an empty bridge shows: the first thing to do. */
export function NoRegistry() {
  return (
    <div class="note">
      <p>
        <strong>No registry yet.</strong> Add one; from then on each push to it comes here.
      </p>
      <AddRegistry />
    </div>
  );
}

/** The command that adds a registry. */
export function AddRegistry() {
  const id = `"'$(az acr show --name NAME --query id --output tsv)'"`;
  const body = `{ "resourceId": ${id}, "credential": { "kind": "token" } }`;
  const headers = `-H "x-functions-key: $FUNCTION_KEY" -H 'content-type: application/json'`;
  return <Command text={`curl -s -X PUT ${headers} ${location.origin}/api/registries/NAME -d '${body}'`} />;
}
