// The bridge, in its own resource group. connect.bicep deploys what it needs at the registries.

targetScope = 'subscription'

import { OptionalSetting, Registry } from 'types.bicep'

@description('Name of the environment; all resource names derive from it.')
@minLength(1)
@maxLength(50)
param environmentName string

@description('Azure region.')
@minLength(1)
@metadata({ azd: { type: 'location' } })
param location string

@description('Base URL of Coder, such as https://coder.example.com.')
@minLength(9)
param coderUrl string

@description('Which Coder is there: v2, or classic for Coder Classic.')
@allowed(['v2', 'classic'])
param coderGeneration string = 'v2'

@description('Organization in Coder, where nothing else names one. v2: id or name, empty means the default one. Coder Classic: its id, which is required.')
param coderOrganizationId string = ''

@description('Session token of the bridge in Coder: of a template admin, in Coder Classic of a site manager. Empty keeps the stored one.')
@secure()
param coderSessionToken string = ''

@description('Registries whose images go to Coder.')
param registries Registry[] = []

@description('Optional settings of the app.')
param settings OptionalSetting[] = []

@description('Resource id of the Event Grid topic (CloudEvents 1.0) that the bridge publishes events to. Empty disables publishing.')
param eventsTopicId string = ''

@description('Node.js version.')
@allowed(['22', '24'])
param nodeVersion string = '22'

@description('Memory of one instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Maximum instance count.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Days to keep logs.')
@minValue(30)
@maxValue(730)
param logRetentionInDays int = 30

@description('Purge protection of the vault: a deleted vault cannot be purged before its retention ends. Irreversible.')
param vaultPurgeProtection bool = false

@description('Whether only a virtual network reaches storage and vault.')
param privateNetworking bool = false

@description('Address range of that network, /24 or larger.')
param networkAddressPrefix string = '10.90.0.0/24'

@description('OIDC issuer of the AKS cluster that Coder runs on. Set it to create an identity for Coder, for the kind managed-identity.')
param coderOidcIssuer string = ''

@description('Kubernetes namespace of Coder.')
param coderNamespace string = 'coder'

@description('Service account of the Coder pods.')
param coderServiceAccount string = 'coder'

@description('Email address that alerts are sent to. Empty sends no email.')
param alertEmail string = ''

@description('Object id of the person who deploys. Gives that person the right to store secrets in the vault.')
param principalId string = ''

var suffix = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    location: location
    name: 'id-${suffix}'
    tags: tags
  }
}

module storage 'storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    location: location
    name: 'st${suffix}'
    tags: tags
    private: privateNetworking
  }
}

module vault 'vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    location: location
    name: 'kv-${suffix}'
    tags: tags
    private: privateNetworking
    purgeProtection: vaultPurgeProtection
    coderSessionToken: coderSessionToken
  }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    location: location
    workspaceName: 'log-${suffix}'
    appInsightsName: 'appi-${suffix}'
    tags: tags
    retentionInDays: logRetentionInDays
  }
}

module roles 'roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    principalId: identity.outputs.principalId
    deployerPrincipalId: principalId
    storageAccountName: storage.outputs.name
    vaultName: vault.outputs.name
    appInsightsName: monitoring.outputs.appInsightsName
  }
}

module network 'network.bicep' = if (privateNetworking) {
  name: 'network'
  scope: group
  params: {
    location: location
    nameSuffix: suffix
    tags: tags
    addressPrefix: networkAddressPrefix
    storageAccountId: storage.outputs.id
    vaultId: vault.outputs.id
  }
}

resource eventsTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (!empty(eventsTopicId)) {
  name: empty(eventsTopicId) ? 'none' : last(split(eventsTopicId, '/'))
  scope: resourceGroup(
    empty(eventsTopicId) ? subscription().subscriptionId : split(eventsTopicId, '/')[2],
    empty(eventsTopicId) ? 'none' : split(eventsTopicId, '/')[4]
  )
}

module functionApp 'function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    location: location
    name: 'func-${suffix}'
    planName: 'plan-${suffix}'
    tags: tags
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    blobEndpoint: storage.outputs.blobEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    packageContainer: storage.outputs.packageContainer
    appInsightsName: monitoring.outputs.appInsightsName
    vaultUrl: vault.outputs.url
    coderUrl: coderUrl
    coderGeneration: coderGeneration
    coderOrganizationId: coderOrganizationId
    eventsTopicEndpoint: !empty(eventsTopicId) ? eventsTopic!.properties.endpoint : ''
    optionalSettings: settings
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
  }
  // The app reads storage and vault when it starts.
  dependsOn: [roles]
}

module coderIdentity 'coder-identity.bicep' = if (!empty(coderOidcIssuer)) {
  name: 'coder-identity'
  scope: group
  params: {
    location: location
    name: 'id-coder-${suffix}'
    tags: tags
    oidcIssuer: coderOidcIssuer
    namespace: coderNamespace
    serviceAccount: coderServiceAccount
  }
}

// The registries' system topics do not exist yet: connect.bicep adds their alerts.
module alerts 'alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    workspaceId: monitoring.outputs.workspaceId
    appInsightsId: monitoring.outputs.appInsightsId
    systemTopicIds: []
    alertEmail: alertEmail
  }
}

module workbook 'workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    workspaceId: monitoring.outputs.workspaceId
    appInsightsId: monitoring.outputs.appInsightsId
  }
}

// azd stores outputs in its environment and passes them to hooks as variables.

@description('Resource group of the bridge.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the function app.')
output BRIDGE_APP_NAME string = functionApp.outputs.name

@description('Base URL of the bridge.')
output BRIDGE_URL string = functionApp.outputs.url

@description('Object id of the bridge\'s identity, for role assignments that a person makes.')
output BRIDGE_PRINCIPAL_ID string = identity.outputs.principalId

@description('Name of the vault that stores Coder\'s session token.')
output BRIDGE_VAULT_NAME string = vault.outputs.name

@description('Client id of Coder\'s identity, for the annotation of its service account. Empty if Coder has none.')
output BRIDGE_CODER_CLIENT_ID string = !empty(coderOidcIssuer) ? coderIdentity!.outputs.clientId : ''

@description('Address that the bridge calls from, with private networking. Empty otherwise.')
output BRIDGE_OUTBOUND_ADDRESS string = privateNetworking ? network!.outputs.outboundAddress : ''

@description('Parameters of connect.bicep.')
output BRIDGE_CONNECTION object = {
  registries: registries
  bridgePrincipalId: identity.outputs.principalId
  coderPrincipalId: !empty(coderOidcIssuer) ? coderIdentity!.outputs.principalId : ''
  functionAppId: functionApp.outputs.id
  storageAccountId: storage.outputs.id
  deadLetterContainer: storage.outputs.deadLetterContainer
  eventsTopicId: eventsTopicId
  location: location
  workspaceId: monitoring.outputs.workspaceId
  appInsightsId: monitoring.outputs.appInsightsId
  alertEmail: alertEmail
}
