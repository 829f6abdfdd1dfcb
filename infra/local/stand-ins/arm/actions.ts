/** Rights of each caller, by object id: role actions as ARM writes them. Read on each request. */
export type AllowedActions = Record<string, readonly string[]>;

const REGISTRIES = 'Microsoft.ContainerRegistry/registries';

/** The role actions that the operations of this stand-in need. */
export const ACTIONS = {
  read: `${REGISTRIES}/read`,
  listCredentials: `${REGISTRIES}/listCredentials/action`,
  regenerateCredential: `${REGISTRIES}/regenerateCredential/action`,
  generateCredentials: `${REGISTRIES}/generateCredentials/action`,
  readTokens: `${REGISTRIES}/tokens/read`,
  writeTokens: `${REGISTRIES}/tokens/write`,
  deleteTokens: `${REGISTRIES}/tokens/delete`,
  readTokenOperations: `${REGISTRIES}/tokens/operationStatuses/read`,
  readScopeMaps: `${REGISTRIES}/scopeMaps/read`,
  writeScopeMaps: `${REGISTRIES}/scopeMaps/write`,
  deleteScopeMaps: `${REGISTRIES}/scopeMaps/delete`,
  readScopeMapOperations: `${REGISTRIES}/scopeMaps/operationStatuses/read`,
  readEventSubscriptions: 'Microsoft.EventGrid/eventSubscriptions/read',
  readRoleAssignments: 'Microsoft.Authorization/roleAssignments/read',
  readOperationResults: 'Microsoft.ContainerRegistry/locations/operationResults/read',
} as const;

/** Reader, and the custom roles for issuing and rotating every kind of credential. */
export const CREDENTIAL_MANAGER: readonly string[] = Object.values(ACTIONS);
