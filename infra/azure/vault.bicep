@description('Azure region.')
param location string

@description('Name of the vault, 3 to 24 letters, digits and dashes.')
@minLength(3)
@maxLength(24)
param name string

@description('Tags of the resource.')
param tags object

@description('Whether only the virtual network reaches the vault.')
param private bool

@description('Purge protection of the vault: a deleted vault cannot be purged before its retention ends. Irreversible.')
param purgeProtection bool

@description('Session token of the bridge in Coder. Empty keeps the stored one.')
@secure()
param coderSessionToken string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    // Azure refuses `false`; it accepts `true` or unset (github.com/Azure/azure-rest-api-specs/issues/18106).
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: private ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }
}

// Resource Manager stores it, which needs neither a role nor access to the vault's network.
resource sessionToken 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = if (!empty(coderSessionToken)) {
  parent: vault
  name: 'coder-session-token'
  properties: {
    value: coderSessionToken
    contentType: 'text/plain'
  }
}

@description('Resource id of the vault.')
output id string = vault.id

@description('Name of the vault.')
output name string = vault.name

@description('URL of the vault.')
output url string = vault.properties.vaultUri
