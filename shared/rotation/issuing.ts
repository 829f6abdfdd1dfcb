import type { IssueContext } from '../credentials/kind.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { type CredentialState, type IssuedCredential, secretNameOf } from '../credentials/state.ts';
import type { RotationStep } from './decide.ts';
import type { Run } from './run.ts';

type WhyIssued = Extract<RotationStep, { do: 'issue' }>['why'];

/** Issues a new credential, and saves it as the candidate. @throws ServiceError, CredentialError */
export async function issue(run: Run, why: WhyIssued): Promise<void> {
  const { services, lease, notices } = run;
  const { name, credential: declared } = lease.registry();
  const { issuer } = credentialKind(declared.kind);
  if (!issuer) return;
  const issuedOn = services.now();
  const context = await issueContext(run, why === 'compromised');
  const { password, ...described } = await issuer.issue(declared, context);
  const secretVersion = await services.vault.write(secretNameOf(name), password, {
    expiresOn: described.expiresOn,
  });
  await lease.save({ candidate: { ...described, declared, secretVersion, issuedOn } });
  notices.issued(declared.kind, described.slot, why);
}

/** Revokes a credential, and disables its secret. @throws ServiceError, CredentialError */
export async function revoke(run: Run, old: IssuedCredential): Promise<void> {
  const { services, lease } = run;
  const { issuer } = credentialKind(old.declared.kind);
  await issuer?.revoke(old.declared, old, await issueContext(run));
  const { name, rotation } = lease.registry();
  const kept = credentialsOf(rotation).filter(credential => credential !== old);
  await services.vault.keepOnly(
    secretNameOf(name),
    kept.map(({ secretVersion }) => secretVersion),
  );
}

/**
 * Repairs what belongs to the credential, such as a scope map, after a change of the policy or by a person.
 * @throws as `issue` does
 */
export async function maintain(run: Run): Promise<void> {
  const { credential, rotation } = run.lease.registry();
  const { issuer } = credentialKind(credential.kind);
  if (rotation.current) await issuer?.maintain?.(credential, await issueContext(run));
}

async function issueContext(run: Run, compromised = false): Promise<IssueContext> {
  const { services, lease, tests, signal } = run;
  const { armCredentials: arm, graph, exchange, now } = services;
  const registry = lease.registry();
  const { current } = registry.rotation;
  return {
    ...{ registry, arm, graph, exchange, now, signal, current, compromised },
    currentWorks: await tests.works(current),
    kept: credentialsOf(registry.rotation),
  };
}

function credentialsOf({ current, candidate, previous }: CredentialState): IssuedCredential[] {
  return [current, candidate, previous].filter(credential => credential !== undefined);
}
