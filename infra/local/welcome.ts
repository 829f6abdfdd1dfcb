import type { Environment } from './environment.ts';
import type { SampleImage } from './sample.ts';

/** For programs: one line of JSON with every address and key. */
export function describeForPrograms({ cloud, host, keys, eventGridUrl }: Environment, caFile: string) {
  const { entra, arm, graph, keyVault, tables, eventGrid, registry, coder } = cloud.standIns;
  return {
    functions: host.url,
    functionKey: keys.host,
    masterKey: keys.master,
    eventGrid: eventGridUrl,
    registry: registry.url,
    registryName: cloud.registry.name,
    registryResourceId: cloud.registry.resourceId,
    registryUsername: cloud.registry.pusher.username,
    registryPassword: cloud.registry.pusher.password,
    coder: coder.url,
    coderToken: cloud.coder.token,
    organizationId: cloud.coder.organizationId,
    caFile,
    standIns: {
      entra: entra.url,
      arm: arm.url,
      graph: graph.url,
      keyVault: keyVault.url,
      tables: new URL(tables.url).origin,
      eventGrid: eventGrid.url,
      registry: registry.url,
      coder: coder.url,
    },
  };
}

/** Shell variables for trying things out by hand, so that no secret has to be printed or typed. */
export function describeForShells(environment: Environment, caFile: string): string {
  const { functions, functionKey, masterKey, eventGrid, registryResourceId, coder, coderToken } =
    describeForPrograms(environment, caFile);
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

/** The text for people. */
export function describeForPeople({ cloud, host }: Environment, sample: SampleImage): string {
  const { registry, coder } = cloud.standIns;
  return `
${sample.reference} was pushed, and Coder had it ${(sample.tookMs / 1000).toFixed(1)} s later.

  Bridge     ${host.url}/api
  Registry   ${registry.loginServer}
  Coder      ${coder.url}/api/v0

Try it in a second terminal, from this folder:

  docker pull alpine && docker tag alpine ${registry.loginServer}/team/app:v1
  docker --config .local/docker push ${registry.loginServer}/team/app:v1

  . .local/env
  curl -s -H "x-functions-key: $FUNCTION_KEY" $FUNCTIONS/api/images
  curl -s --cacert $CA_FILE -H "Session-Token: $CODER_TOKEN" "$CODER/api/v0/images?workspaces=false"

Ctrl-C stops everything; nothing is kept.
`;
}
