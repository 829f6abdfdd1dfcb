@description('Region of the registry: a system topic is in the same.')
param location string

@description('Name of the system topic.')
param name string

@description('Whether the registry has it already, rather than being given one.')
param reuse bool

@description('Resource id of the registry.')
param registryId string

// Made on its own rather than by its first subscription, since only then it can have an identity to write dead letters
// with. Azure allows one for each registry. https://learn.microsoft.com/azure/event-grid/system-topics
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
