// What calls a person. The rules ask the bridge's own log; of events that never reached it, Event Grid's metric tells.

@description('Region.')
param location string

@description('Resource id of the Log Analytics workspace that keeps the log.')
param workspaceId string

@description('Resource id of the Application Insights component through which the bridge writes it.')
param appInsightsId string

@description('Resource ids of the Event Grid system topics of the registries.')
param systemTopicIds string[]

@description('Who is written to; with none, alerts are only shown in Azure Monitor.')
param alertEmail string

var entries = replace(loadTextContent('queries/entries.kql'), '{appInsightsId}', appInsightsId)

// Severity 1: Coder may soon be without images or without a credential. Severity 2: some image does not arrive.
var rules = [
  {
    name: 'bridge-silent'
    title: 'Coder ACR Bridge: silent'
    description: 'No sweep was logged for 15 minutes: the app does not run, or Table Storage refuses it. See whether GET /api/health answers, then look at the exceptions in Application Insights.'
    query: loadTextContent('queries/alerts/silent.kql')
    severity: 1
    windowSize: 'PT15M'
    operator: 'LessThan'
    threshold: 1
    splitBy: []
  }
  {
    name: 'rotation-failed'
    title: 'Coder ACR Bridge: rotation failed'
    description: 'What Coder pulls with could not be renewed, or the registry refuses it. GET /api/registries/{name} says why in rotation.lastResult, and the README under Credentials what to do. Then POST /api/registries/{name}/rotate.'
    query: loadTextContent('queries/alerts/rotation-failed.kql')
    severity: 1
    windowSize: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
    splitBy: ['registry', 'reason']
  }
  {
    name: 'credential-ends-soon'
    title: 'Coder ACR Bridge: credential ends soon'
    description: 'What Coder pulls with ends soon and is not renewed. Of kind static: PUT /api/registries/{name} with a new password. Of another kind: POST /api/registries/{name}/rotate, and see rotation.lastResult of GET /api/registries/{name}.'
    query: loadTextContent('queries/alerts/credential-ends-soon.kql')
    severity: 1
    windowSize: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
    splitBy: ['registry', 'credentialKind']
  }
  {
    name: 'imports-failed'
    title: 'Coder ACR Bridge: imports failed'
    description: 'Images were given up and will not arrive in Coder by themselves. GET /api/images?state=failed lists them, each with its remedy. Then POST /api/images/replay.'
    query: loadTextContent('queries/alerts/imports-failed.kql')
    severity: 2
    windowSize: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    splitBy: ['registry', 'reason']
  }
  {
    name: 'imports-delayed'
    title: 'Coder ACR Bridge: imports delayed'
    description: 'Images were tried ten times in vain, for 20 minutes or more. GET /api/images?state=pending lists them with what is in the way: mostly a service that does not answer, or refuses the bridge. They arrive by themselves once it does not.'
    query: loadTextContent('queries/alerts/imports-delayed.kql')
    severity: 2
    windowSize: 'PT2H'
    operator: 'GreaterThan'
    threshold: 0
    splitBy: ['registry', 'reason']
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: 'coder-acr-bridge'
  location: 'global'
  properties: {
    groupShortName: 'acr-bridge'
    enabled: true
    emailReceivers: [
      {
        name: 'email'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: rule.name
    location: location
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      // A new workspace may not know its tables yet.
      skipQueryValidation: true
      evaluationFrequency: 'PT5M'
      windowSize: rule.windowSize
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: '${entries}${rule.query}'
            timeAggregation: 'Count'
            operator: rule.operator
            threshold: rule.threshold
            dimensions: map(rule.splitBy, column => { name: column, operator: 'Include', values: ['*'] })
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: empty(alertEmail) ? [] : [actionGroup.id]
      }
    }
  }
]

resource deadLetterAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for topicId in systemTopicIds: {
    name: 'dead-letters-${last(split(topicId, '/'))}-${uniqueString(topicId)}'
    location: 'global'
    properties: {
      description: 'Event Grid gave up events of a registry and put them into the dead letter container. POST /api/registries/{name}/reconcile finds what they told of; then see why the function registry-event did not answer.'
      severity: 2
      enabled: true
      scopes: [topicId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: 'dead letters'
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: 'Microsoft.EventGrid/systemTopics'
            metricName: 'DeadLetteredCount'
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      actions: empty(alertEmail) ? [] : [{ actionGroupId: actionGroup.id }]
    }
  }
]
