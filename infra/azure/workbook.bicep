// The workbook, under Workbooks of the Application Insights component.

@description('Azure region.')
param location string

@description('Resource id of the Log Analytics workspace with the log.')
param workspaceId string

@description('Resource id of the Application Insights component that the bridge logs to.')
param appInsightsId string

var subscriptionId = subscription().id
var entries = replace(loadTextContent('queries/entries.kql'), '{appInsightsId}', appInsightsId)
var chosen = '${entries}${loadTextContent('queries/workbook/chosen.kql')}'
var logs = {
  queryType: 0
  resourceType: 'microsoft.operationalinsights/workspaces'
  crossComponentResources: [workspaceId]
  timeContextFromParameter: 'TimeRange'
}

var charts = [
  {
    title: 'Imports by outcome'
    visualization: 'barchart'
    width: '50'
    query: loadTextContent('queries/workbook/imports.kql')
  }
  {
    title: 'Time from push to Coder, in seconds'
    visualization: 'linechart'
    width: '50'
    query: loadTextContent('queries/workbook/latency.kql')
  }
  {
    title: 'Pending images'
    visualization: 'linechart'
    width: '50'
    query: loadTextContent('queries/workbook/waiting.kql')
  }
  {
    title: 'Age of the oldest pending image, in minutes'
    visualization: 'linechart'
    width: '50'
    query: loadTextContent('queries/workbook/oldest-waiting.kql')
  }
  {
    title: 'Why images failed or are pending'
    visualization: 'table'
    width: '100'
    query: loadTextContent('queries/workbook/reasons.kql')
  }
  {
    title: 'Credentials that Coder pulls with'
    visualization: 'table'
    width: '100'
    query: loadTextContent('queries/workbook/credentials.kql')
  }
  {
    title: 'Rotations'
    visualization: 'table'
    width: '50'
    query: loadTextContent('queries/workbook/rotations.kql')
  }
  {
    title: 'Reconciliations'
    visualization: 'table'
    width: '50'
    query: loadTextContent('queries/workbook/reconciliations.kql')
  }
]

var parameters = {
  type: 9
  name: 'parameters'
  content: {
    version: 'KqlParameterItem/1.0'
    style: 'pills'
    parameters: [
      {
        id: guid('TimeRange')
        version: 'KqlParameterItem/1.0'
        name: 'TimeRange'
        label: 'Time range'
        type: 4
        isRequired: true
        value: { durationMs: 86400000 }
        typeSettings: {
          selectableValues: map([1, 6, 24, 72, 168, 720], hours => { durationMs: hours * 3600000 })
          allowCustom: true
        }
      }
      union(logs, {
        id: guid('Registry')
        version: 'KqlParameterItem/1.0'
        name: 'Registry'
        label: 'Registry'
        type: 2
        isRequired: true
        multiSelect: true
        quote: '\''
        delimiter: ','
        query: '${entries}${loadTextContent('queries/workbook/registries.kql')}'
        value: ['value::all']
        typeSettings: { additionalResourceOptions: ['value::all'], selectAllValue: '*', showDefault: false }
      })
      {
        id: guid('Topics')
        version: 'KqlParameterItem/1.0'
        name: 'Topics'
        label: 'Event Grid topics'
        type: 5
        multiSelect: true
        quote: '\''
        delimiter: ','
        queryType: 1
        resourceType: 'microsoft.resourcegraph/resources'
        crossComponentResources: [subscriptionId]
        query: 'resources | where type =~ \'microsoft.eventgrid/systemtopics\' and properties.topicType =~ \'microsoft.containerregistry.registries\' | project id'
        value: ['value::all']
        typeSettings: { additionalResourceOptions: ['value::all'], showDefault: false }
      }
    ]
  }
}

var deadLetters = {
  type: 10
  name: 'dead letters'
  content: {
    version: 'MetricsItem/2.0'
    title: 'Events that Event Grid could not deliver'
    size: 1
    chartType: 2
    resourceType: 'microsoft.eventgrid/systemtopics'
    metricScope: 0
    resourceParameter: 'Topics'
    resourceIds: ['{Topics}']
    timeContextFromParameter: 'TimeRange'
    metrics: [
      {
        namespace: 'microsoft.eventgrid/systemtopics'
        metric: 'microsoft.eventgrid/systemtopics--DeadLetteredCount'
        aggregation: 1 // the sum
      }
    ]
  }
}

var chartItems = [
  for chart in charts: {
    type: 3
    name: chart.title
    customWidth: chart.width
    content: union(logs, {
      version: 'KqlItem/1.0'
      title: chart.title
      size: 0
      query: '${chosen}${chart.query}'
      visualization: chart.visualization
    })
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'coder-acr-bridge')
  location: location
  kind: 'shared'
  properties: {
    displayName: 'Coder ACR Bridge'
    category: 'workbook'
    sourceId: appInsightsId
    version: 'Notebook/1.0'
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([parameters], chartItems, [deadLetters])
      fallbackResourceIds: [workspaceId]
    })
  }
}
