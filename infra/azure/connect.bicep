// The second deployment: all that is outside of the bridge's own resource group. It comes after the code, since Event
// Grid asks the running function before it sends anything there. And it is none of azd's, since `azd down` deletes every
// resource group that its deployment touched, and with it the registries.

targetScope = 'subscription'

import { Registry } from 'types.bicep'

@description('Registries whose images go to Coder.')
param registries Registry[]

@description('Object id of the bridge\'s identity.')
param bridgePrincipalId string

@description('Object id of Coder\'s own identity; empty when it has none.')
param coderPrincipalId string

@description('Resource id of the function app.')
param functionAppId string

@description('Resource id of the storage account that keeps dead letters.')
param storageAccountId string

@description('Its container for them.')
param deadLetterContainer string

@description('Resource id of the Event Grid topic that is told what happened; empty for nobody.')
param eventsTopicId string

@description('Region of the bridge.')
param location string

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Resource id of the Application Insights component.')
param appInsightsId string

@description('Who is written to when something is wrong; empty for nobody.')
param alertEmail string

var subscriptions = [for registry in registries: split(registry.resourceId, '/')[2]]
var resourceGroups = [for registry in registries: split(registry.resourceId, '/')[4]]
var registryNames = [for registry in registries: last(split(registry.resourceId, '/'))]
// At most 50 characters, as many as the name of a registry may have by itself.
var systemTopicNames = [
  for (registry, i) in registries: registry.?existingSystemTopic ?? take('coder-acr-bridge-${registryNames[i]}', 50)
]

var systemTopicIds = [
  for (name, i) in systemTopicNames: resourceId(
    subscriptions[i],
    resourceGroups[i],
    'Microsoft.EventGrid/systemTopics',
    name
  )
]

module connections 'registry.bicep' = [
  for (registry, i) in registries: {
    // Azure takes 64 characters; both names may have 50.
    name: 'connect-${registry.name}'
    scope: resourceGroup(subscriptions[i], resourceGroups[i])
    params: {
      registryName: registryNames[i]
      credentialKind: registry.credentialKind
      abac: registry.?abac ?? false
      existingSystemTopic: registry.?existingSystemTopic ?? ''
      systemTopicName: systemTopicNames[i]
      bridgePrincipalId: bridgePrincipalId
      coderPrincipalId: coderPrincipalId
      functionAppId: functionAppId
      storageAccountId: storageAccountId
      deadLetterContainer: deadLetterContainer
    }
  }
]

module eventsTopic 'events-topic.bicep' = if (!empty(eventsTopicId)) {
  name: 'coder-acr-bridge-events-topic'
  scope: resourceGroup(
    empty(eventsTopicId) ? subscription().subscriptionId : split(eventsTopicId, '/')[2],
    empty(eventsTopicId) ? 'none' : split(eventsTopicId, '/')[4]
  )
  params: {
    topicName: last(split(eventsTopicId, '/'))
    bridgePrincipalId: bridgePrincipalId
  }
}

// Once more, now that there are topics to be watched.
module alerts 'alerts.bicep' = {
  name: 'coder-acr-bridge-alerts'
  scope: resourceGroup(split(functionAppId, '/')[2], split(functionAppId, '/')[4])
  params: {
    location: location
    workspaceId: workspaceId
    appInsightsId: appInsightsId
    systemTopicIds: systemTopicIds
    alertEmail: alertEmail
  }
  dependsOn: [connections]
}
