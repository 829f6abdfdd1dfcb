import type { IssueContext } from '../credentials/kind.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { proveStore, storeSecret } from '../credentials/secrets.ts';
import {
  type CredentialState,
  credentialsOf,
  type KnownCredential,
  type ReasonToIssue,
} from '../credentials/state.ts';
import { ignoreRefusal } from '../errors.ts';
import { isSameSource } from './azure-facts.ts';
import { started } from './changes.ts';
import { mayOverwrite } from './grace.ts';
import type { Run } from './run.ts';
import type { Issue } from './step.ts';

/**
 * Issues a new credential, and saves it as the candidate.
 * @returns whether it did: a password that copies may still have is not overwritten
 * @throws ServiceError, CredentialError
 */
export async function issue(run: Run, { why, slot, asItIs, deliverFirst }: Issue): Promise<boolean> {
  const { services, lease, notices } = run;
  const { name, credential: declared, rotation } = lease.registry();
  const { issuer } = credentialKind(declared.kind);
  if (!issuer || (deliverFirst && !(await mayOverwrite(run)))) return false;
  // Each attempt regenerates the password of a shared account, which others may use.
  if (issuer.shared && !asItIs) await proveStore(services.vault, name, services.deploymentId, declared);
  const issuedOn = services.now();
  await lease.save({ issuing: slot, ...(!isUnderWay(rotation, why) && started(why, issuedOn)) });
  const { password, ...issued } = await issuer.issue(declared, issueContext(run), { slot, asItIs });
  const described = { ...issued, declared, issuedOn, ...(asItIs && { wasThere: true as const }) };
  const stored = storeSecret(services.vault, name, services.deploymentId, { ...described, password });
  const secret = await stored.catch(async (error: unknown) => {
    await lease.take();
    // The password is stored nowhere, so the bridge revokes it; a later run finds what could not be revoked. A shared account always has two passwords.
    if (!issuer.shared) await issuer.revoke(declared, described, issueContext(run)).catch(ignoreRefusal);
    throw error;
  });
  await lease.save({ candidate: { ...described, ...secret }, issuing: undefined, attempts: undefined });
  notices.issued(declared.kind, described.slot, why);
  return true;
}

/** Whether an earlier run began this rotation, and could not issue. */
function isUnderWay({ startedOn, current, ...before }: CredentialState, why: ReasonToIssue): boolean {
  return before.why === why && startedOn !== undefined && !(current && startedOn <= current.issuedOn);
}

/** Revokes a credential, whose secret is still in Key Vault then. @throws ServiceError, CredentialError */
export async function revoke(run: Run, old: KnownCredential): Promise<void> {
  const { issuer } = credentialKind(old.declared.kind);
  if (!isTaken(run, old)) await issuer?.revoke(old.declared, old, issueContext(run));
}

/** Whether a newer password has the slot, so that the old one is gone. */
function isTaken({ lease }: Run, old: KnownCredential): boolean {
  return credentialsOf(lease.registry().rotation).some(
    other =>
      other !== old &&
      other.slot === old.slot &&
      isSameSource(other.declared, old.declared) &&
      other.issuedOn >= old.issuedOn,
  );
}

/**
 * Repairs what belongs to the credential, such as a scope map, after a change of the policy or by a person.
 * @throws as `issue` does
 */
export async function maintain(run: Run): Promise<void> {
  const { credential, rotation } = run.lease.registry();
  const { issuer } = credentialKind(credential.kind);
  if (rotation.current) await issuer?.maintain?.(credential, issueContext(run));
}

export function issueContext({ services, lease, signal }: Run): IssueContext {
  const { armCredentials: arm, graph, exchange, now, deploymentId } = services;
  const registry = lease.registry();
  return {
    registry,
    arm,
    graph,
    exchange,
    now,
    deploymentId,
    signal,
    kept: credentialsOf(registry.rotation),
  };
}
