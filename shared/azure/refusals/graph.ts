import { addAppOwner, showApp } from '../az-commands.ts';
import { explain, PRINCIPAL, type Refusal, type Row } from './refusal.ts';
import type { Said } from './said.ts';

export type GraphReason = 'disallowed-by-policy' | 'azure-refused' | 'graph-unavailable';

/** What Microsoft Graph was asked. */
export interface GraphCall {
  appId: string;
  /** Address of Microsoft Graph in this cloud. */
  url: string;
}

/** https://learn.microsoft.com/graph/api/resources/applicationauthenticationmethodpolicy */
const showPolicy = ({ url }: GraphCall) =>
  `az rest --method get --url ${url}/v1.0/policies/defaultAppManagementPolicy --query applicationRestrictions.passwordCredentials`;

const ROWS: readonly Row<GraphReason, GraphCall>[] = [
  {
    code: /^CredentialInvalidLifetime/i,
    reason: 'disallowed-by-policy',
    meaning: ({ appId }) =>
      `A policy of the tenant forbids a client secret of ${appId} to live three times rotateEveryHours`,
    remedy: call =>
      `PUT the registry with a smaller credential.rotateEveryHours: at most a third of the lifetime that the policy allows. See what it allows: ${showPolicy(call)}`,
  },
  {
    code: /^CredentialTypeNotAllowed|PerAppPolicy$/i,
    reason: 'disallowed-by-policy',
    meaning: ({ appId }) => `A policy of the tenant forbids client secrets of ${appId}`,
    remedy: call =>
      `Have the app registration exempted from the policy (${showPolicy(call)}), or PUT the registry with another credential.kind, such as token.`,
  },
  {
    code: /^TooManyAppPasswords$|^Directory_(?:ResourceSizeExceeded|QuotaExceeded)$/i,
    reason: 'azure-refused',
    meaning: ({ appId }) => `The app registration ${appId} takes no further client secret`,
    remedy: ({ appId }) =>
      `Remove one that is not in use: az ad app credential list --id ${appId}, then az ad app credential delete --id ${appId} --key-id KEY_ID`,
  },
  {
    status: [401],
    reason: 'azure-refused',
    meaning: () => "Microsoft Graph does not take the token of the bridge's identity",
    remedy: () =>
      'Set GRAPH_URL and GRAPH_AUDIENCE to those of your cloud (az cloud show --query endpoints).',
  },
  {
    status: [403],
    reason: 'azure-refused',
    meaning: ({ appId }) =>
      `The bridge's identity must own the app registration ${appId} and have the application permission Application.ReadWrite.OwnedBy`,
    remedy: ({ appId }) =>
      `Run: ${addAppOwner(appId, PRINCIPAL)}\nThe setup guide of the registry grants the permission.`,
  },
  {
    status: [404],
    reason: 'azure-refused',
    meaning: ({ appId }) => `There is no app registration ${appId} in this tenant`,
    remedy: ({ appId }) => `Compare with: ${showApp(appId)}`,
  },
  {
    status: [400],
    reason: 'azure-refused',
    meaning: ({ appId }) => `Microsoft Graph does not take this for the app registration ${appId}`,
    remedy: ({ appId }) => `Compare with: ${showApp(appId)}`,
  },
  {
    reason: 'graph-unavailable',
    retryable: true,
    meaning: () => 'Microsoft Graph is busy, failed, or cannot be reached from the app',
    remedy: () => "Wait. If it stays, check GRAPH_URL, and that the app's network reaches it.",
  },
];

export function explainGraph(said: Said, call: GraphCall): Refusal<GraphReason> {
  return explain(ROWS, 'Microsoft Graph', said, call);
}
