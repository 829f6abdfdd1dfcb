// What Coder's side needs on AKS when it pulls with an identity of its own, the kind `managed-identity`.

@description('Region.')
param location string

@description('Name of the identity.')
param name string

@description('Tags of the resource.')
param tags object

@description('OIDC issuer of the cluster, with the slash at its end: Entra compares it to the letter.')
param oidcIssuer string

@description('Kubernetes namespace of Coder.')
param namespace string

@description('Service account of its pods.')
param serviceAccount string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

// https://learn.microsoft.com/azure/aks/workload-identity-deploy-cluster
resource federation 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {
  parent: identity
  name: 'coder'
  properties: {
    issuer: endsWith(oidcIssuer, '/') ? oidcIssuer : '${oidcIssuer}/'
    subject: 'system:serviceaccount:${namespace}:${serviceAccount}'
    audiences: ['api://AzureADTokenExchange']
  }
}

@description('Client id of the identity: what the service account of Coder\'s pods is annotated with.')
output clientId string = identity.properties.clientId

@description('Object id of the identity.')
output principalId string = identity.properties.principalId
