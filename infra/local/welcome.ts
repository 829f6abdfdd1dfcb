import { SAMPLE_TEMPLATE, sampleTemplate } from './coder-v2-sample.ts';
import type { Environment } from './environment.ts';
import type { SampleImage } from './sample.ts';

/** For programs: one line of JSON with every address and key. */
export function describeForPrograms({ cloud, host, keys, eventGridUrl }: Environment, caFile: string) {
  const { entra, arm, graph, keyVault, tables, eventGrid, registry, coderV2, kubernetes } = cloud.standIns;
  const { generation, url, token, ownerToken, organizationId } = cloud.coder;
  return {
    functions: host.url,
    console: consoleUrl({ host, keys }),
    functionKey: keys.host,
    masterKey: keys.master,
    eventGrid: eventGridUrl,
    registry: registry.url,
    registryName: cloud.registry.name,
    registryResourceId: cloud.registry.resourceId,
    registryUsername: cloud.registry.pusher.username,
    registryPassword: cloud.registry.pusher.password,
    coderGeneration: generation,
    coder: url,
    coderToken: token,
    ...(ownerToken && { coderUserToken: ownerToken }),
    organizationId,
    ...(coderV2 && { template: sampleTemplate(coderV2) }),
    caFile,
    standIns: {
      entra: entra.url,
      arm: arm.url,
      graph: graph.url,
      keyVault: keyVault.url,
      tables: new URL(tables.url).origin,
      eventGrid: eventGrid.url,
      registry: registry.url,
      coder: url,
      ...(kubernetes && { kubernetes: kubernetes.url }),
    },
  };
}

/** The page for people, opened with one click: the key is in the fragment, which no server ever sees. */
function consoleUrl({ host, keys }: Pick<Environment, 'host' | 'keys'>): string {
  return `${host.url}/api/console#key=${keys.host}`;
}

/** Shell variables for trying things out by hand, so that no secret has to be printed or typed. */
export function describeForShells(environment: Environment, caFile: string): string {
  const shown = describeForPrograms(environment, caFile);
  const { functions, functionKey, masterKey, eventGrid, registryResourceId, coder, coderToken } = shown;
  const variables = {
    FUNCTIONS: functions,
    FUNCTION_KEY: functionKey,
    MASTER_KEY: masterKey,
    EVENT_GRID: eventGrid,
    REGISTRY: environment.cloud.standIns.registry.loginServer,
    REGISTRY_ID: registryResourceId,
    CODER: coder,
    CODER_TOKEN: coderToken,
    KEY_VAULT: environment.cloud.standIns.keyVault.url,
    ARM: environment.cloud.standIns.arm.url,
    TABLES: environment.cloud.standIns.tables.url,
    CA_FILE: caFile,
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('');
}

/**
 * The text for people.
 * @param folder of the files for shells and docker
 */
export function describeForPeople(
  { cloud, host, keys }: Environment,
  sample: SampleImage,
  folder = '.local',
): string {
  const { registry } = cloud.standIns;
  const { generation, url } = cloud.coder;
  const seconds = (sample.tookMs / 1000).toFixed(1);
  const isV2 = generation === 'v2';
  const what = isV2 ? `the template ${SAMPLE_TEMPLATE} named it` : 'Coder had it';
  const repository = isV2 ? 'samples/workspace:v2' : 'team/app:v1';
  const look = isV2
    ? 'curl -s -H "x-functions-key: $FUNCTION_KEY" $FUNCTIONS/api/templates'
    : 'curl -s --cacert $CA_FILE -H "Session-Token: $CODER_TOKEN" "$CODER/api/v0/images?workspaces=false"';
  return `
${sample.reference} was pushed, and ${what} ${seconds} s later.

  Console    ${consoleUrl({ host, keys })}
  Bridge     ${host.url}/api
  Registry   ${registry.loginServer}
  Coder      ${url}/api/${isV2 ? 'v2' : 'v0'}

Try it in a second terminal, from this folder:

  docker pull alpine && docker tag alpine ${registry.loginServer}/${repository}
  docker --config ${folder}/docker push ${registry.loginServer}/${repository}

  . ${folder}/env
  curl -s -H "x-functions-key: $FUNCTION_KEY" $FUNCTIONS/api/images
  ${look}

Ctrl-C stops everything; only the certificate in .local is kept.
`;
}

/** What people read whose own Coder is used: its templates, and how to connect one. */
export async function describeOwnCoder({ cloud, host, keys }: Environment, folder: string): Promise<string> {
  const { url, token } = cloud.coder;
  const answer = await fetch(`${url}/api/v2/templates`, { headers: { 'coder-session-token': token } });
  if (!answer.ok)
    throw new Error(`${url} answers ${answer.status} to GET /api/v2/templates: ${await answer.text()}`);
  const templates = (await answer.json()) as { name: string; organization_name: string }[];
  const names = templates.map(({ name, organization_name }) => `  ${organization_name}/${name}`);
  const [first] = templates;
  const rule = {
    repository: 'samples/workspace',
    templates: [
      { template: first?.name ?? 'TEMPLATE', ...(first && { organization: first.organization_name }) },
    ],
  };
  const { resourceId, name, puller } = cloud.registry;
  const body = JSON.stringify({
    resourceId,
    credential: { kind: 'static', username: puller.username },
    policy: { rules: [rule] },
  });
  return `
The bridge is connected to ${url}, and has changed nothing there. It has these templates:

${names.join('\n') || '  none yet: push one with coder templates push'}

To let pushes of samples/workspace set the variable "image" of one, in a second terminal, from this folder:

  . ${folder}/env
  curl -s -X PUT -H "x-functions-key: $FUNCTION_KEY" -H 'content-type: application/json' $FUNCTIONS/api/registries/${name} -d '${body}'

Then push:

  docker pull alpine && docker tag alpine ${cloud.standIns.registry.loginServer}/samples/workspace:v1
  docker --config ${folder}/docker push ${cloud.standIns.registry.loginServer}/samples/workspace:v1

  Console    ${consoleUrl({ host, keys })}
  Bridge     ${host.url}/api
  Registry   ${cloud.standIns.registry.loginServer}

Ctrl-C stops everything but your Coder; only the certificate in .local is kept.
`;
}
