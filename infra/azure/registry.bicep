// What one container registry needs, in its resource group: roles, and an event subscription that sends pushes to the bridge.

import { builtInRoles } from 'built-in-roles.bicep'

@description('Name of the container registry in Azure.')
param registryName string

@description('Kind of the credential that Coder pulls with.')
param credentialKind string

@description('Whether the registry is in ABAC mode.')
param abac bool

@description('Name of the registry\'s existing system topic. Empty creates one.')
param existingSystemTopic string

@description('Name of the system topic, existing or new.')
param systemTopicName string

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

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: registryName
}

// In ABAC mode AcrPull has no effect, and listing repositories needs a separate role.
// https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
var pullRole = abac ? 'Container Registry Repository Reader' : 'AcrPull'
var readRoles = abac
  ? ['Reader', 'Container Registry Repository Reader', 'Container Registry Repository Catalog Lister']
  : ['Reader', 'AcrPull']

resource bridgeMayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in readRoles: {
    name: guid(registry.id, bridgePrincipalId, role)
    scope: registry
    properties: {
      principalId: bridgePrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtInRoles[role])
    }
  }
]

// Only where Coder pulls with its own identity.
var coderPulls = credentialKind == 'managed-identity' && !empty(coderPrincipalId)

resource coderMayPull 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (coderPulls) {
  name: guid(registry.id, coderPrincipalId, pullRole)
  scope: registry
  properties: {
    principalId: coderPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtInRoles[pullRole])
  }
}

// The actions of shared/azure/arm/issuing-role.ts.
var issuingActions = {
  admin: [
    'Microsoft.ContainerRegistry/registries/read'
    'Microsoft.ContainerRegistry/registries/listCredentials/action'
    'Microsoft.ContainerRegistry/registries/regenerateCredential/action'
    'Microsoft.ContainerRegistry/registries/scopeMaps/read'
    'Microsoft.ContainerRegistry/registries/scopeMaps/write'
    'Microsoft.ContainerRegistry/registries/scopeMaps/operationStatuses/read'
  ]
  token: [
    'Microsoft.ContainerRegistry/registries/read'
    'Microsoft.ContainerRegistry/registries/tokens/read'
    'Microsoft.ContainerRegistry/registries/tokens/write'
    'Microsoft.ContainerRegistry/registries/tokens/delete'
    'Microsoft.ContainerRegistry/registries/scopeMaps/delete'
    'Microsoft.ContainerRegistry/registries/tokens/operationStatuses/read'
    'Microsoft.ContainerRegistry/registries/scopeMaps/read'
    'Microsoft.ContainerRegistry/registries/scopeMaps/write'
    'Microsoft.ContainerRegistry/registries/scopeMaps/operationStatuses/read'
    'Microsoft.ContainerRegistry/registries/generateCredentials/action'
    'Microsoft.ContainerRegistry/locations/operationResults/read'
  ]
}
var issues = contains(issuingActions, credentialKind)

// A role lists the scopes in which it can be assigned.
var narrowestScope = resourceGroup().id

// Role names are unique in a tenant, and registry names in all of Azure. So each registry has its own role, and several
// bridges create the same one.
resource credentialManager 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (issues) {
  name: guid(registry.id, 'credential-manager', credentialKind)
  properties: {
    roleName: 'Coder ACR Bridge Credential Manager (${credentialKind}, ${registryName})'
    description: 'Lets the bridge issue the credential that Coder pulls from ${registryName} with (${credentialKind}).'
    type: 'CustomRole'
    permissions: [
      {
        actions: issues ? issuingActions[credentialKind] : []
        notActions: []
      }
    ]
    assignableScopes: [narrowestScope]
  }
}

resource bridgeMayIssue 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (issues) {
  name: guid(registry.id, bridgePrincipalId, 'credential-manager', credentialKind)
  scope: registry
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: credentialManager.id
  }
}

module systemTopic 'system-topic.bicep' = {
  name: 'system-topic-${registryName}'
  params: {
    location: registry.location
    name: systemTopicName
    reuse: !empty(existingSystemTopic)
    registryId: registry.id
  }
}

module deadLetters 'dead-letters.bicep' = {
  name: 'dead-letters-${registryName}'
  scope: resourceGroup(split(storageAccountId, '/')[2], split(storageAccountId, '/')[4])
  params: {
    storageAccountName: last(split(storageAccountId, '/'))
    container: deadLetterContainer
    principalId: systemTopic.outputs.principalId
  }
}

module eventSubscription 'event-subscription.bicep' = {
  name: 'events-${registryName}'
  params: {
    systemTopicName: systemTopicName
    functionAppId: functionAppId
    bridgePrincipalId: bridgePrincipalId
    storageAccountId: storageAccountId
    deadLetterContainer: deadLetterContainer
  }
  dependsOn: [deadLetters]
}
