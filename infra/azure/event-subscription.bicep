// Azure validates a new subscription with the function, so the app must be running.

import { builtInRoles } from 'built-in-roles.bicep'

@description('Name of the registry\'s system topic.')
param systemTopicName string

@description('Resource id of the function app.')
param functionAppId string

@description('Object id of the bridge\'s identity.')
param bridgePrincipalId string

@description('Resource id of the storage account for dead letters.')
param storageAccountId string

@description('Container for dead letters.')
param deadLetterContainer string

resource systemTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: systemTopicName
}

resource eventSubscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: systemTopic
  // Several bridges may subscribe to one registry.
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
        // The platform answers once for a whole batch: one failing event would have the whole batch delivered again.
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
    // The maximum. An event is lost only if the bridge does not answer for a day; the next reconciliation finds the push.
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

// Diagnostics read the subscription.
resource bridgeMayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(systemTopic.id, bridgePrincipalId, 'Reader')
  scope: systemTopic
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtInRoles.Reader)
  }
}
