import type { CheckContext } from '../credentials/kind.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { listSecrets, readStored } from '../credentials/secrets.ts';
import {
  credentialsOf,
  type Failure,
  type IssuedCredential,
  type KnownCredential,
  secretNameOf,
} from '../credentials/state.ts';
import { CredentialError, ServiceError } from '../errors.ts';
import { type Azure, isSameSource } from './azure-facts.ts';
import type { Found } from './facts.ts';
import { issueContext } from './issuing.ts';
import type { Run } from './run.ts';

/** Finds out what only a run needs that may issue something. @throws ServiceError, CredentialError */
export async function look(run: Run): Promise<Found> {
  return {
    outage: await outageNow(run),
    candidate: await run.tests.verdictOf(run.lease.registry().rotation.candidate),
    azure: await listAtAzure(run),
    stored: await findStored(run),
    isUntouched: await isUntouched(run),
  };
}

/** ACR takes a refresh token as the password of this user. */
const TOKEN_USER = '00000000-0000-0000-0000-000000000000';

/**
 * Logs in as the bridge itself, with the same calls that tested the password. If the registry refuses this too, its
 * refusals say nothing about the password.
 */
async function outageNow({ services, lease, signal }: Run): Promise<Failure | undefined> {
  const { loginServer } = lease.registry();
  try {
    const password = await services.exchange(loginServer, signal);
    const login = { username: TOKEN_USER, password };
    const proof = await services.provePull({ loginServer, repository: undefined }, login, signal);
    if (proof.works) return undefined;
    const message = `${loginServer} refuses the bridge's own identity too, so its refusals say nothing about passwords. Nothing is issued until it answers as usual.`;
    return { reason: 'registry-unauthorized', message };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { reason, message, remedy, retryable } = error;
    return { reason, message, remedy, retryable };
  }
}

async function listAtAzure(run: Run): Promise<Azure> {
  const { credential: declared, rotation } = run.lease.registry();
  const { issuer } = credentialKind(declared.kind);
  if (!issuer?.find) return { account: undefined, passwords: [], replaced: [] };
  const context: CheckContext = issueContext(run);
  const passwords = await issuer.find(declared, context);
  const replaced: string[] = [];
  for (const known of credentialsOf(rotation)) {
    const there = passwords.find(({ slot, password }) => slot === known.slot && password !== undefined);
    if (!there || !isSameSource(known.declared, declared) || !known.secretVersion) continue;
    const password = await passwordOf(run, known);
    if (password !== undefined && password !== there.password) replaced.push(known.secretVersion);
  }
  const listed = passwords.map(({ password: _, ...rest }) => rest);
  return { account: declared, passwords: listed, replaced };
}

async function passwordOf({ services, lease }: Run, known: KnownCredential): Promise<string | undefined> {
  return services.vault.find(secretNameOf(lease.registry().name, known), known.secretVersion);
}

/** The newest credential in Key Vault that the record does not have, if the registry accepts it. */
async function findStored({ services, lease, tests }: Run): Promise<IssuedCredential | undefined> {
  const { name, credential: declared, rotation } = lease.registry();
  const known = new Set(credentialsOf(rotation).map(({ secretName }) => secretName));
  const [newest] = (await listSecrets(services.vault, name, services.deploymentId)).filter(
    secret => !known.has(secret.name),
  );
  const stored = newest && (await readStored(services.vault, newest, declared));
  const isNewer = stored && (!rotation.current || rotation.current.issuedOn < stored.issuedOn);
  if (!isNewer || !isSameSource(stored.declared, declared)) return undefined;
  return (await tests.verdictOf(stored)) === 'accepted' ? stored : undefined;
}

async function isUntouched({ services, lease, signal }: Run): Promise<boolean> {
  try {
    return !(await services.holder.hasDrifted(lease.registry(), signal));
  } catch (error) {
    if (error instanceof ServiceError || error instanceof CredentialError) return false;
    throw error;
  }
}
