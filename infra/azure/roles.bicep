// What the bridge's identity may do with what was made for it, and who else may store secrets. What it may do with the
// registries is in registry.bicep.

import { builtInRoles } from 'built-in-roles.bicep'

@description('Object id of the bridge\'s identity.')
param principalId string

@description('Object id of whoever deploys, who may store secrets; empty for nobody.')
param deployerPrincipalId string

@description('Name of the storage account.')
param storageAccountName string

@description('Name of the vault.')
param vaultName string

@description('Name of the Application Insights component.')
param appInsightsName string

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageAccountName
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource appInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: appInsightsName
}

// Blobs: the package, and the keys, leases and timers of the Functions host, which makes its own containers. Tables: the
// bridge's records, and the diagnostic events of the host. Neither HTTP, timers nor Event Grid take queues.
// https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
resource onStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in ['Storage Blob Data Owner', 'Storage Table Data Contributor']: {
    name: guid(account.id, principalId, role)
    scope: account
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtInRoles[role])
    }
  }
]

// It stores what it issues, switches off what it revokes, and removes what it forgets.
resource onVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, 'Key Vault Secrets Officer')
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles['Key Vault Secrets Officer']
    )
  }
}

// The host writes its telemetry as this identity, since keys are off.
resource onAppInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(appInsights.id, principalId, 'Monitoring Metrics Publisher')
  scope: appInsights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles['Monitoring Metrics Publisher']
    )
  }
}

resource deployerOnVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  name: guid(vault.id, deployerPrincipalId, 'Key Vault Secrets Officer')
  scope: vault
  properties: {
    principalId: deployerPrincipalId
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles['Key Vault Secrets Officer']
    )
  }
}
