import { OptionalSetting } from 'types.bicep'

@description('Azure region.')
param location string

@description('Name of the function app, which is also its host name.')
param name string

@description('Name of the plan.')
param planName string

@description('Tags of the resources.')
param tags object

@description('Node.js version.')
@allowed(['22', '24'])
param nodeVersion string

@description('Memory of one instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Maximum instance count.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int

@description('Resource id of the identity that the app runs as.')
param identityId string

@description('Client id of that identity.')
param identityClientId string

@description('Blob endpoint of the app\'s storage account.')
param blobEndpoint string

@description('Table endpoint of the app\'s storage account.')
param tableEndpoint string

@description('Blob container with the deployed package.')
param packageContainer string

@description('Name of the Application Insights component.')
param appInsightsName string

@description('URL of the vault.')
param vaultUrl string

@description('Base URL of Coder.')
param coderUrl string

@description('Which Coder is there.')
@allowed(['v2', 'classic'])
param coderGeneration string

@description('Organization in Coder, where nothing else names one. Empty leaves it to the app.')
param coderOrganizationId string

@description('Endpoint of the Event Grid topic to publish events to. Empty disables publishing.')
param eventsTopicEndpoint string

@description('Optional settings.')
param optionalSettings OptionalSetting[]

@description('Subnet for the app\'s outbound calls. Empty uses none.')
param subnetId string

resource appInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: appInsightsName
}

// Settings that the platform reads. https://learn.microsoft.com/azure/azure-functions/functions-app-settings
var platformSettings = {
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsStorage__tableServiceUri: tableEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: appInsights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

var resourceManager = environment().resourceManager

// Settings that the app reads. shared/settings.ts lists them; those that are absent here have defaults there.
var appSettings = {
  TABLES_URL: tableEndpoint
  KEY_VAULT_URL: vaultUrl
  CODER_GENERATION: coderGeneration
  CODER_URL: coderUrl
  CODER_ORGANIZATION_ID: coderOrganizationId
  EVENTS_TOPIC_ENDPOINT: eventsTopicEndpoint
  AZURE_CLIENT_ID: identityClientId
  ARM_URL: resourceManager
  // A final slash would make it another audience.
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
  // azd finds the app for the service in azure.yaml by this tag.
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

// Deployments use an Entra identity; the publishing passwords of the platform are off.
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
