import { azAcrOptions, command, quote } from '../azure/commands.ts';
import type { Registry } from '../records/registry.ts';
import { KUBECTL } from './coder-pods.ts';
import type { GuideContext, Step } from './guide.ts';
import { AKS_OPTIONS, IDENTITY_OPTIONS, setPlaceholder } from './placeholders.ts';
import { insteadLabelForPodIdentity } from './pod-identity.ts';
import { assignRole, IN_ABAC_MODE, OUTSIDE_ABAC_MODE, READER_IN_ABAC_MODE } from './roles.ts';
import { federate, labelForWorkloadIdentity } from './workload-identity.ts';

const PRINCIPAL = 'CODER_IDENTITY_PRINCIPAL_ID';

/** For Coder with an identity of its own: Workload Identity, or AAD Pod Identity where that is still there. */
export function managedIdentitySteps(registry: Registry, context: GuideContext): Step[] {
  return [
    makeIdentity(registry),
    federate(),
    labelForWorkloadIdentity(),
    insteadLabelForPodIdentity(),
    checkToken(context),
    turnOn(registry, context),
    letKubeletPull(registry),
  ];
}

function makeIdentity(registry: Registry): Step {
  return {
    heading: 'Make an identity for Coder',
    why: 'Coder asks Entra for tokens as this identity, and may read images with them and nothing else. It is not the identity of the bridge. Where `azd up` was given the OIDC issuer of the cluster, it has made one, with its roles and its federated credential: set `CODER_IDENTITY_CLIENT_ID` to what `azd env get-value BRIDGE_CODER_CLIENT_ID` prints, and go on with the labels of the pods.',
    commands: [
      { run: command('az identity create', IDENTITY_OPTIONS) },
      { run: setPlaceholder('CODER_IDENTITY_CLIENT_ID') },
      { run: setPlaceholder(PRINCIPAL) },
      { when: OUTSIDE_ABAC_MODE, run: assignRole(registry, 'AcrPull', PRINCIPAL) },
      { when: IN_ABAC_MODE, run: assignRole(registry, READER_IN_ABAC_MODE, PRINCIPAL) },
    ],
  };
}

function checkToken({ settings }: GuideContext): Step {
  const query = `api-version=2018-02-01&client_id=\${CODER_IDENTITY_CLIENT_ID}&resource=${encodeURIComponent(settings.ARM_AUDIENCE)}`;
  return {
    heading: 'Check that Coder gets a token',
    why: 'This asks as Coder does, from inside its pod, and hides the token that comes.',
    commands: [
      {
        run: command(
          `${KUBECTL} exec deployment/coderd --container coderd --`,
          `curl --silent --header Metadata:true "http://169.254.169.254/metadata/identity/oauth2/token?${query}" |`,
        ).concat(`\n  sed 's/"access_token": *"[^"]*"/"access_token":"…"/'`),
        expect: `{"access_token":"…",…,"resource":"${settings.ARM_AUDIENCE}","token_type":"Bearer"}`,
      },
      { when: 'After `Identity not found`', run: `${KUBECTL} rollout restart deployment coderd` },
    ],
    troubles: [
      {
        sign: '`{"error":"invalid_request","error_description":"Identity not found"}`',
        meaning:
          'The metadata service of the node answered itself, and the node does not have this identity: nothing stood between it and Coder, the client id is that of an identity that was deleted and made again, or the node has not heard of a new assignment yet.',
        remedy:
          'Restart coderd and ask again after a minute. If it stays, compare the client id with that of the identity, and see that the sidecar (or, with AAD Pod Identity, the label of the pod) is there.',
      },
      {
        sign: '`AADSTS70021`',
        meaning: 'No federated credential of the identity matches the token of the service account.',
        remedy:
          'Compare issuer, with its slash at the end, subject and audience with those that were made above.',
      },
    ],
  };
}

function turnOn(registry: Registry, { settings }: GuideContext): Step {
  const { loginServer } = registry;
  return {
    heading: 'Turn it on in Coder, and let the registry take such tokens',
    why: `Until a site manager turns on *Azure Container Registry authentication*, under Manage > Admin > Infrastructure at ${settings.CODER_URL}, Coder does not know the registry kind *Microsoft Azure Container Registry*. Coder's own check is made with a token for Azure Resource Manager, and ${loginServer} takes such tokens unless a policy of the registry forbids it.`,
    commands: [
      {
        run: command(
          'az acr config authentication-as-arm show',
          ...azAcrOptions(registry),
          '--query status --output tsv',
        ),
        expect: 'enabled',
      },
    ],
  };
}

function letKubeletPull(registry: Registry): Step {
  const { resourceId, loginServer } = registry;
  const kubelet = 'KUBELET_PRINCIPAL_ID';
  return {
    heading: 'Let the nodes pull',
    why: 'Coder only looks at images as its identity. Those of workspaces are pulled by the kubelet of each node, as an identity of the cluster, and no secret is there to help it. Do this for every cluster that runs workspaces.',
    commands: [
      {
        when: OUTSIDE_ABAC_MODE,
        run: command('az aks update', AKS_OPTIONS, `--attach-acr ${quote(resourceId)}`),
      },
      // `--attach-acr` would assign AcrPull.
      { when: IN_ABAC_MODE, run: setPlaceholder(kubelet) },
      { when: IN_ABAC_MODE, run: assignRole(registry, READER_IN_ABAC_MODE, kubelet) },
      {
        run: command('az aks check-acr', AKS_OPTIONS, `--acr ${quote(loginServer)}`),
        expect: `…\nYour cluster can pull images from ${loginServer}!`,
      },
    ],
    troubles: [
      {
        sign: '`failed to fetch anonymous token`, 401',
        meaning: 'The kubelet was denied, and tried once more as nobody.',
        remedy:
          "Assign the role to the object id of the kubelet's identity; in ABAC mode AcrPull is of no use.",
      },
    ],
  };
}
