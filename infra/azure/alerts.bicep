// Alerts. The rules query the bridge's log. For events that did not reach the bridge, a rule reads Event Grid's metric.

@description('Azure region.')
param location string

@description('Resource id of the Log Analytics workspace with the log.')
param workspaceId string

@description('Resource id of the Application Insights component that the bridge logs to.')
param appInsightsId string

@description('Resource ids of the Event Grid system topics of the registries.')
param systemTopicIds string[]

@description('Email address that alerts are sent to. Empty shows alerts in Azure Monitor only.')
param alertEmail string

var entries = replace(loadTextContent('queries/entries.kql'), '{appInsightsId}', appInsightsId)

// Severity 1: soon no image may reach Coder, or Coder may have no working credential. Severity 2: single images do not reach Coder.
var rules = [
  {
    name: 'bridge-silent'
    title: 'Coder ACR Bridge: no sign of life'
    description: 'The bridge logged no sweep for 15 minutes. Either the app does not run, or it has no access to Table Storage. Call GET /api/health, then read the exceptions in Application Insights.'
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
    description: 'The bridge could not renew a credential, or the registry refuses the current credential. GET /api/registries/{name} shows the reason in rotation.lastResult. Fix it as docs/credentials.md says, then POST /api/registries/{name}/rotate.'
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
    description: 'The credential that Coder pulls with ends soon and was not renewed. Kind static: PUT /api/registries/{name} with a new password. Other kinds: POST /api/registries/{name}/rotate, then read rotation.lastResult of GET /api/registries/{name}.'
    query: loadTextContent('queries/alerts/credential-ends-soon.kql')
    severity: 1
    windowSize: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
    splitBy: ['registry', 'credentialKind']
  }
  {
    name: 'coder-token-ends-soon'
    title: 'Coder ACR Bridge: session token of Coder ends soon'
    description: 'The bridge\'s session token of Coder ends soon and was not renewed. After that no image reaches Coder. GET /api/registries/{name}/diagnostics says why in coder-token-lifetime. Store a new token as docs/coder-v2.md says.'
    query: loadTextContent('queries/alerts/coder-token-ends-soon.kql')
    severity: 1
    windowSize: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
    splitBy: []
  }
  {
    name: 'imports-failed'
    title: 'Coder ACR Bridge: imports failed'
    description: 'Imports failed, and the bridge does not try again. GET /api/images?state=failed shows the remedy for each. Then POST /api/images/replay.'
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
    description: 'Imports failed ten attempts, over at least 20 minutes. GET /api/images?state=pending shows the cause, usually a service that does not answer or that refuses the bridge. The bridge imports the images when the cause is gone.'
    query: loadTextContent('queries/alerts/imports-delayed.kql')
    severity: 2
    windowSize: 'PT2H'
    operator: 'GreaterThan'
    threshold: 0
    splitBy: ['registry', 'reason']
  }
  {
    name: 'rows-skipped'
    title: 'Coder ACR Bridge: a record cannot be read'
    description: 'A row of Table Storage is damaged, or a newer release of the bridge wrote it. What it is about stands still until the row is replaced. docs/operate-and-monitor.md says how, for each kind of row, under "A record that cannot be read".'
    query: loadTextContent('queries/alerts/rows-skipped.kql')
    severity: 2
    windowSize: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    splitBy: ['row']
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
      // A new workspace may not have its tables yet.
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
      description: 'Event Grid could not deliver events of a registry and wrote them to the dead letter container. POST /api/registries/{name}/reconcile finds the pushes. Then find out why the function registry-event did not answer.'
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
