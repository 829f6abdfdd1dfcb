@description('Region of the registry, in which the system topic must be.')
param location string

@description('Name of the system topic.')
param name string

@description('Whether the system topic exists already.')
param reuse bool

@description('Resource id of the registry.')
param registryId string

// Created before its first subscription, because only then it can have an identity, which writes dead letters. Azure
// allows one system topic per registry. https://learn.microsoft.com/azure/event-grid/system-topics
resource made 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (!reuse) {
  name: name
  location: location
  identity: { type: 'SystemAssigned' }
  properties: {
    source: registryId
    topicType: 'Microsoft.ContainerRegistry.Registries'
  }
}

resource found 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (reuse) {
  name: name
}

@description('Object id of the identity that writes dead letters.')
output principalId string = reuse ? found!.identity.principalId : made!.identity.principalId
