import * as z from 'zod';
import type { StandInResponse } from '../../stand-in-messages.ts';
import { ACTIONS } from './actions.ts';
import { ADMIN_PASSWORDS } from './admin-account.ts';
import { adminDisabled } from './errors.ts';
import { type Operation, type RegistryCall, readBody } from './operation.ts';

/** What ARM does with the administrator of a registry, at once. */
export const adminOperations: Operation[] = [
  { method: 'POST', suffix: '/listCredentials', action: ACTIONS.listCredentials, handle: listCredentials },
  {
    method: 'POST',
    suffix: '/regenerateCredential',
    action: ACTIONS.regenerateCredential,
    handle: regenerateCredential,
  },
];

const Regenerate = z.object({ name: z.enum(ADMIN_PASSWORDS) });

function listCredentials({ registry, accounts: { admin } }: RegistryCall): StandInResponse {
  if (!registry.adminUserEnabled) return adminDisabled(registry.resourceId);
  const passwords = admin.passwords().map(({ name, value }) => ({ name, value }));
  return { status: 200, body: { username: admin.username, passwords } };
}

function regenerateCredential(call: RegistryCall): StandInResponse {
  const read = readBody(call.request, Regenerate);
  if ('refusal' in read) return read.refusal;
  if (call.registry.adminUserEnabled) call.accounts.admin.regenerate(read.body.name);
  return listCredentials(call);
}
