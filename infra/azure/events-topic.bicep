// Lets the bridge publish to an Event Grid topic.

import { builtInRoles } from 'built-in-roles.bicep'

@description('Name of the topic.')
param topicName string

@description('Object id of the bridge\'s identity.')
param bridgePrincipalId string

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

resource bridgeMaySend 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(topic.id, bridgePrincipalId, 'EventGrid Data Sender')
  scope: topic
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles['EventGrid Data Sender']
    )
  }
}
