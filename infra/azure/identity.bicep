@description('Azure region.')
param location string

@description('Name of the identity.')
param name string

@description('Tags of the resource.')
param tags object

// User-assigned: it has its roles before the app starts, and keeps them if the app is recreated.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id of the identity.')
output id string = identity.id

@description('Client id, for the setting AZURE_CLIENT_ID.')
output clientId string = identity.properties.clientId

@description('Object id, for role assignments.')
output principalId string = identity.properties.principalId
