// Types of the deployments' parameters.

@export()
@sealed()
@description('A container registry whose images go to Coder.')
type Registry = {
  @description('Name of the registry in the bridge: 1 to 50 lower-case letters, digits or inner dashes.')
  @minLength(1)
  @maxLength(50)
  name: string

  @description('Resource id of the container registry; it may be in another resource group or subscription.')
  resourceId: string

  @description('Kind of the credential that Coder pulls with; docs/credentials.md explains the kinds. You add a `static` password yourself.')
  credentialKind: 'token' | 'service-principal' | 'entra-identity' | 'admin' | 'static' | 'managed-identity'

  @description('Client id of the app registration, for `service-principal`.')
  appId: string?

  @description('Coder Classic: id of the organization for its images, if it differs from coderOrganizationId.')
  organizationId: string?

  @description('Whether the registry is in ABAC mode, which needs other roles.')
  abac: bool?

  @description('Name of the registry\'s existing system topic, in the registry\'s resource group and with a system-assigned identity. A registry can have only one.')
  existingSystemTopic: string?
}

@description('Optional settings of the app. docs/settings.md explains them.')
type SettingName =
  | 'CODER_MAX_CONCURRENT'
  | 'CODER_AUDIENCE'
  | 'CODER_TOKEN_RENEWAL'
  | 'CODER_REGISTRY_KIND_FIELD'
  | 'CODER_REGISTRY_KIND_ACR'
  | 'GRAPH_URL'
  | 'GRAPH_AUDIENCE'
  | 'ACR_AUDIENCE'
  | 'ACR_ALLOWED_HOSTS'
  | 'AKS_ALLOWED_HOSTS'
  | 'DEFAULT_CPU_CORES'
  | 'DEFAULT_MEMORY_GB'
  | 'DEFAULT_DISK_GB'
  | 'RECONCILE_EVERY_MINUTES'
  | 'ROTATE_SCHEDULE'
  | 'DEPLOYMENT_ID'
  | 'IMPORT_MAX_ATTEMPTS'
  | 'IMPORT_PLATFORMS'

@export()
@sealed()
@description('An app setting with a value other than its default.')
type OptionalSetting = {
  @description('Name of the setting.')
  name: SettingName

  @description('Value of the setting, as text.')
  value: string
}
