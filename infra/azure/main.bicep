// The bridge, in a resource group of its own. What it needs at the registries is a second deployment: connect.bicep.

targetScope = 'subscription'

import { OptionalSetting, Registry } from 'types.bicep'

@description('Name of the environment; every name is made from it.')
@minLength(1)
@maxLength(50)
param environmentName string

@description('Region.')
@minLength(1)
@metadata({ azd: { type: 'location' } })
param location string

@description('Base URL of Coder, such as https://coder.example.com.')
@minLength(9)
param coderUrl string

@description('Id of the organization of Coder that images are imported into, unless a registry names its own.')
@minLength(1)
param coderOrganizationId string

@description('Session token of a Coder site manager. Left out, the vault keeps the one it has.')
@secure()
param coderSessionToken string = ''

@description('Registries whose images go to Coder.')
param registries Registry[] = []

@description('Settings of the app that need not be given.')
param settings OptionalSetting[] = []

@description('Resource id of an Event Grid topic for CloudEvents that is told what happened; empty for nobody.')
param eventsTopicId string = ''

@description('Version of Node.')
@allowed(['22', '24'])
param nodeVersion string = '22'

@description('Memory of an instance.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances at once.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('How many days logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionInDays int = 30

@description('Whether a deleted vault stays until its retention has ended, whoever wants it purged. That cannot be taken back.')
param vaultPurgeProtection bool = false

@description('Whether storage and vault are reached through a virtual network only.')
param privateNetworking bool = false

@description('Addresses of that network, /24 or more.')
param networkAddressPrefix string = '10.90.0.0/24'

@description('OIDC issuer of the AKS cluster that Coder runs on, when Coder is to pull with an identity of its own; empty for none.')
param coderOidcIssuer string = ''

@description('Kubernetes namespace of Coder.')
param coderNamespace string = 'coder'

@description('Service account of its pods.')
param coderServiceAccount string = 'coder'

@description('Who is written to when something is wrong; empty for nobody.')
param alertEmail string = ''

@description('Object id of whoever deploys, who may then store secrets in the vault; empty for nobody.')
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
    coderOrganizationId: coderOrganizationId
    eventsTopicEndpoint: !empty(eventsTopicId) ? eventsTopic!.properties.endpoint : ''
    optionalSettings: settings
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
  }
  // The app reads its storage and its vault as soon as it starts.
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

// connect.bicep adds the alerts of the registries' system topics, which are not there yet.
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

// azd keeps outputs in its environment, and hands them to hooks as variables.

@description('Resource group of the bridge.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the function app.')
output BRIDGE_APP_NAME string = functionApp.outputs.name

@description('Base URL of the bridge.')
output BRIDGE_URL string = functionApp.outputs.url

@description('Object id of the bridge\'s identity, for rights that only people can grant.')
output BRIDGE_PRINCIPAL_ID string = identity.outputs.principalId

@description('Name of the vault that the session token of Coder belongs into.')
output BRIDGE_VAULT_NAME string = vault.outputs.name

@description('Client id of Coder\'s own identity, for the annotation of its service account; empty when it has none.')
output BRIDGE_CODER_CLIENT_ID string = !empty(coderOidcIssuer) ? coderIdentity!.outputs.clientId : ''

@description('Where the bridge\'s calls come from with private networking; empty otherwise.')
output BRIDGE_OUTBOUND_ADDRESS string = privateNetworking ? network!.outputs.outboundAddress : ''

@description('The parameters of connect.bicep.')
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
