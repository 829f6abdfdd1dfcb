// What the deployments share: how a registry is declared, and which settings may be given.

@export()
@sealed()
@description('A container registry whose images go to Coder.')
type Registry = {
  @description('Our name of it: 1 to 50 lower-case letters, digits or inner dashes.')
  @minLength(1)
  @maxLength(50)
  name: string

  @description('Resource id of the container registry; it may be in another resource group or subscription.')
  resourceId: string

  @description('What Coder pulls with; the README explains the kinds. A `static` password is added by hand.')
  credentialKind: 'token' | 'service-principal' | 'entra-identity' | 'admin' | 'static' | 'managed-identity'

  @description('Client id of the app registration, for `service-principal`.')
  appId: string?

  @description('Id of the organization of Coder that its images are imported into, when it is another one.')
  organizationId: string?

  @description('Whether the registry is in ABAC mode, in which other roles count.')
  abac: bool?

  @description('Name of the system topic that the registry has already, in its own resource group and with a system-assigned identity. A registry can have only one.')
  existingSystemTopic: string?
}

@description('Settings of the app that need not be given. The README says what each means.')
type SettingName =
  | 'CODER_MAX_CONCURRENT'
  | 'CODER_AUDIENCE'
  | 'CODER_REGISTRY_KIND_FIELD'
  | 'CODER_REGISTRY_KIND_ACR'
  | 'GRAPH_URL'
  | 'GRAPH_AUDIENCE'
  | 'ACR_AUDIENCE'
  | 'ACR_ALLOWED_HOSTS'
  | 'DEFAULT_CPU_CORES'
  | 'DEFAULT_MEMORY_GB'
  | 'DEFAULT_DISK_GB'
  | 'RECONCILE_EVERY_MINUTES'
  | 'ROTATE_SCHEDULE'
  | 'IMPORT_MAX_ATTEMPTS'
  | 'IMPORT_PLATFORMS'

@export()
@sealed()
@description('A setting of the app that is to have another value than it has by itself.')
type OptionalSetting = {
  @description('Its name.')
  name: SettingName

  @description('Its value, a number as text too.')
  value: string
}
