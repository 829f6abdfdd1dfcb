import { OptionalSetting } from 'types.bicep'

@description('Region.')
param location string

@description('Name of the function app, and with it of its host.')
param name string

@description('Name of the plan.')
param planName string

@description('Tags of the resources.')
param tags object

@description('Version of Node.')
@allowed(['22', '24'])
param nodeVersion string

@description('Memory of an instance.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Most instances at once.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int

@description('Resource id of the identity that the app runs as.')
param identityId string

@description('Client id of that identity.')
param identityClientId string

@description('Endpoint of the blobs of the app\'s storage account.')
param blobEndpoint string

@description('Endpoint of its tables.')
param tableEndpoint string

@description('Container that the app is deployed from.')
param packageContainer string

@description('Name of the Application Insights component.')
param appInsightsName string

@description('Address of the vault.')
param vaultUrl string

@description('Base URL of Coder.')
param coderUrl string

@description('Id of its organization that images are imported into.')
param coderOrganizationId string

@description('Event Grid topic that is told what happened; empty for nobody.')
param eventsTopicEndpoint string

@description('Settings that need not be given.')
param optionalSettings OptionalSetting[]

@description('Subnet that the app calls out from; empty for none.')
param subnetId string

resource appInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: appInsightsName
}

// What the platform reads. https://learn.microsoft.com/azure/azure-functions/functions-app-settings
var platformSettings = {
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsStorage__tableServiceUri: tableEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: appInsights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

var resourceManager = environment().resourceManager

// What the app reads: given or derived here, or left to the app's defaults. shared/settings.ts has the list.
var appSettings = {
  TABLES_URL: tableEndpoint
  KEY_VAULT_URL: vaultUrl
  CODER_URL: coderUrl
  CODER_ORGANIZATION_ID: coderOrganizationId
  EVENTS_TOPIC_ENDPOINT: eventsTopicEndpoint
  AZURE_CLIENT_ID: identityClientId
  ARM_URL: resourceManager
  // With a slash at its end it would be another audience.
  ARM_AUDIENCE: endsWith(resourceManager, '/') ? take(resourceManager, length(resourceManager) - 1) : resourceManager
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // By this tag azd finds where the service of azure.yaml goes.
  tags: union(tags, { 'azd-service-name': 'bridge' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      appSettings: concat(
        map(filter(items(union(platformSettings, appSettings)), setting => !empty(setting.value)), setting => {
          name: setting.key
          value: setting.value
        }),
        optionalSettings
      )
    }
  }
}

// Whoever deploys does so with an Entra identity: the passwords that the platform makes for it are off.
resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

@description('Resource id of the app.')
output id string = app.id

@description('Name of the app.')
output name string = app.name

@description('Base URL of the app.')
output url string = 'https://${app.properties.defaultHostName}'
