import { VAULT_REFUSALS } from '../shared/api/adding-refusals.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { PRECONDITION_HEADERS, preconditionOf } from '../shared/api/precondition.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { deleteRegistry } from '../shared/registries/delete.ts';

httpFunction('registries-delete', {
  method: 'DELETE',
  route: 'registries/{name}',
  role: 'Registries.Write',
  summary: 'Deletes a registry with its records and its secret; Coder keeps its images',
  description:
    'What was delivered to workspaces stays where it is, with a credential that the bridge no longer renews or revokes. Delete the Secret, or the secret in Key Vault, when no workspace needs it.',
  path: RegistryPath,
  headers: PRECONDITION_HEADERS,
  answers: { 204: { description: 'It is deleted.' } },
  refusals: ['not-found', 'precondition-failed', 'registry-busy', 'conflict', ...VAULT_REFUSALS],
  async answer({ path: { name }, request }, services) {
    await deleteRegistry(services, name, preconditionOf(request));
    return { status: 204 };
  },
});
