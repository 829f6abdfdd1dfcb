// The identity that Coder pulls with on AKS, for the kind `managed-identity`.

@description('Azure region.')
param location string

@description('Name of the identity.')
param name string

@description('Tags of the resource.')
param tags object

@description('OIDC issuer of the cluster, with its final slash: Entra compares the exact text.')
param oidcIssuer string

@description('Kubernetes namespace of Coder.')
param namespace string

@description('Service account of the Coder pods.')
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

@description('Client id of the identity, for the annotation of Coder\'s service account.')
output clientId string = identity.properties.clientId

@description('Object id of the identity.')
output principalId string = identity.properties.principalId
