// The second deployment: everything outside the bridge's resource group. It follows the code, because Event Grid validates
// a subscription with the running function. connect.ts deploys it and not azd, because `azd down` deletes every resource
// group that an azd deployment touched, here those of the registries.

targetScope = 'subscription'

import { Registry } from 'types.bicep'

@description('Registries whose images go to Coder.')
param registries Registry[]

@description('Object id of the bridge\'s identity.')
param bridgePrincipalId string

@description('Object id of Coder\'s identity. Empty if Coder has none.')
param coderPrincipalId string

@description('Resource id of the function app.')
param functionAppId string

@description('Resource id of the storage account for dead letters.')
param storageAccountId string

@description('Container for dead letters.')
param deadLetterContainer string

@description('Resource id of the Event Grid topic that the bridge publishes events to. Empty disables publishing.')
param eventsTopicId string

@description('Region of the bridge.')
param location string

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Resource id of the Application Insights component.')
param appInsightsId string

@description('Email address that alerts are sent to. Empty sends no email.')
param alertEmail string

var subscriptions = [for registry in registries: split(registry.resourceId, '/')[2]]
var resourceGroups = [for registry in registries: split(registry.resourceId, '/')[4]]
var registryNames = [for registry in registries: last(split(registry.resourceId, '/'))]
// At most 50 characters; the registry's name alone may have as many.
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
    // Azure allows 64 characters; each of the two names may have 50.
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

// The alerts again, now that the system topics exist.
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
