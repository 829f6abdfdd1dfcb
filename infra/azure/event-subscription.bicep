// Azure asks the function before it makes the subscription: the app must be deployed and running by then.

import { builtInRoles } from 'built-in-roles.bicep'

@description('Name of the registry\'s system topic.')
param systemTopicName string

@description('Resource id of the function app.')
param functionAppId string

@description('Object id of the bridge\'s identity.')
param bridgePrincipalId string

@description('Resource id of the storage account that keeps dead letters.')
param storageAccountId string

@description('Its container for them.')
param deadLetterContainer string

resource systemTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: systemTopicName
}

resource eventSubscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: systemTopic
  // Several bridges may hear of one registry.
  name: last(split(functionAppId, '/'))
  properties: {
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: resourceId(
          split(functionAppId, '/')[2],
          split(functionAppId, '/')[4],
          'Microsoft.Web/sites/functions',
          last(split(functionAppId, '/')),
          'registry-event'
        )
        // The platform answers a batch as one: a single event that fails would bring all of them again.
        maxEventsPerBatch: 1
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: [
        'Microsoft.ContainerRegistry.ImagePushed'
        'Microsoft.ContainerRegistry.ImageDeleted'
      ]
    }
    // The most that there is: the bridge writes down what it takes, so only a bridge that is away for a day loses an
    // event, and the next reconciliation finds what it told of.
    // https://learn.microsoft.com/azure/event-grid/delivery-and-retry
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: storageAccountId
          blobContainerName: deadLetterContainer
        }
      }
    }
  }
}

// So that the bridge can tell whether its events are on their way.
resource bridgeMayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(systemTopic.id, bridgePrincipalId, 'Reader')
  scope: systemTopic
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtInRoles.Reader)
  }
}
