@description('Region.')
param location string

@description('Name of the identity.')
param name string

@description('Tags of the resource.')
param tags object

// User-assigned, so that it has its roles before the app starts, and keeps them when the app is made anew.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id of the identity.')
output id string = identity.id

@description('Client id: what AZURE_CLIENT_ID names.')
output clientId string = identity.properties.clientId

@description('Object id: what roles are assigned to.')
output principalId string = identity.properties.principalId
