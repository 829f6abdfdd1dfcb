@description('Region.')
param location string

@description('Name of the vault, 3 to 24 letters, digits and dashes.')
@minLength(3)
@maxLength(24)
param name string

@description('Tags of the resource.')
param tags object

@description('Whether only the virtual network reaches the vault.')
param private bool

@description('Whether a deleted vault stays until its retention has ended, whoever wants it purged. That cannot be taken back.')
param purgeProtection bool

@description('Session token of a Coder site manager; empty to leave the secret as it is.')
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
    // `false` is refused: Azure knows only `true` and unset (github.com/Azure/azure-rest-api-specs/issues/18106).
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: private ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }
}

// Resource Manager stores it, so that neither a role nor a way through the vault's network is needed for it.
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

@description('Address of the vault.')
output url string = vault.properties.vaultUri
