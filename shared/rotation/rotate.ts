import type { Acr } from '../azure/acr.ts';
import type { Login, ProvePull } from '../azure/acr-tokens.ts';
import type { ArmCredentials } from '../azure/arm-credentials.ts';
import type { Graph } from '../azure/graph.ts';
import { isHeld } from '../azure/lease.ts';
import type { Publish } from '../azure/publish.ts';
import type { Vault } from '../azure/vault.ts';
import type { CredentialHolder } from '../credentials/holder.ts';
import type { IssueContext } from '../credentials/kind.ts';
import { credentialKind } from '../credentials/kinds.ts';
import { endOfGrace, endsSoon } from '../credentials/renewal.ts';
import { type Failure, type IssuedCredential, secretNameOf } from '../credentials/state.ts';
import { ConflictError, CredentialError, ServiceError } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import { once } from '../lib/once.ts';
import type { Registries } from '../records/registries.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { decide, isLeaked, type RotationStep } from './decide.ts';
import { createRotationLease } from './lease.ts';
import { chooseRepository } from './sample-repository.ts';

export interface RotationServices {
  registries: Registries;
  vault: Vault;
  acr: Acr;
  holder: CredentialHolder;
  armCredentials: ArmCredentials;
  graph: Graph;
  exchange: IssueContext['exchange'];
  provePull: ProvePull;
  publish: Publish;
  now: () => Date;
  /** Waits, or ends early when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Shorter than the lease of a run. */
export const RUN_BUDGET_MS = 240_000;
/** Replicas of ACR and Entra answer in turn, and not all know a new credential at once. */
const IN_A_ROW = 3;
const BETWEEN_TESTS_MS = 2_000;
/** What Coder says when it can use the one credential, but not the other; the rest passes. */
const FINAL: readonly string[] = ['coder-rejected', 'coder-cannot-pull', 'credential-refused'];

/**
 * Carries the rotation of a registry's credential on for as long as there is something to do and `signal` lets it.
 * Whatever is cut off is taken up by the next call, in this instance or another.
 *
 * @throws StorageError when the record cannot be read or written
 */
export async function rotate(
  services: RotationServices,
  name: string,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const registry = await services.registries.get(name);
  if (!registry) return;
  if (isHeld(registry.rotation, services.now())) return;
  const run = createRun(services, registry, signal, log);
  try {
    await run.carryOn();
  } catch (error) {
    // Somebody else took over, or changed what is declared; the next run sees what they made of it.
    if (error instanceof ConflictError) return;
    if (!(error instanceof ServiceError || error instanceof CredentialError)) throw error;
    // Nothing is under way that an outage could keep from going on.
    if (run.isIdle() && isOutage(error))
      return log.warn('credential not looked at', { registry: name, ...told(error) });
    await run.fail(error).catch(ignoreConflict);
  } finally {
    await run.release().catch(ignoreConflict);
  }
}

interface Run {
  carryOn(): Promise<void>;
  isIdle(): boolean;
  fail(failure: Failure): Promise<void>;
  release(): Promise<void>;
}

function createRun(services: RotationServices, found: StoredRegistry, signal: AbortSignal, log: Log): Run {
  const { registries, vault, holder, now, wait } = services;
  const { name } = found;
  const secretName = secretNameOf(name);
  const lease = createRotationLease(registries, found, now);
  const { save } = lease;
  /** By version of the secret, what the registry said of it in this run. */
  const tested = new Map<string, boolean>();
  /** On which credentials that the bridge issued are tried. */
  const chosenRepository = once(() => chooseRepository(services.acr, lease.registry(), signal));

  async function loginOf(issue: IssuedCredential): Promise<Login | undefined> {
    const password = await vault.find(secretName, issue.secretVersion);
    return password === undefined ? undefined : { username: issue.username, password };
  }

  /** One try, with exactly what Coder will use. What a person supplied may be for other repositories, or list no tags. */
  async function isAccepted({ declared }: IssuedCredential, login: Login): Promise<boolean> {
    const { loginServer } = lease.registry();
    const onWhich = credentialKind(declared.kind).supplied ? undefined : await chosenRepository();
    return (await services.provePull({ loginServer, repository: onWhich }, login, signal)).works;
  }

  /** One refusal proves nothing: registries answer 401 now and then (github.com/Azure/acr/issues/841). */
  async function works(issue: IssuedCredential | undefined): Promise<boolean> {
    if (!issue) return true;
    const known = tested.get(issue.secretVersion);
    if (known !== undefined) return known;
    const login = await loginOf(issue);
    let accepted = false;
    for (let i = 0; login && !accepted && i < IN_A_ROW; i += 1) {
      if (i > 0) await wait(BETWEEN_TESTS_MS, signal);
      accepted = await isAccepted(issue, login);
    }
    tested.set(issue.secretVersion, accepted);
    return accepted;
  }

  /** Whether it was accepted several times in a row before time was up. */
  async function comesToWork(issue: IssuedCredential): Promise<boolean> {
    const login = await loginOf(issue);
    let inARow = 0;
    while (login && !signal.aborted) {
      inARow = (await isAccepted(issue, login)) ? inARow + 1 : 0;
      if (inARow === IN_A_ROW) return true;
      await wait(BETWEEN_TESTS_MS, signal);
      if (decideNow({ currentWorks: true, previousWorks: true }).do !== 'prove') return false;
    }
    return false;
  }

  function decideNow(known: { currentWorks: boolean; previousWorks: boolean }): RotationStep {
    return decide({
      declared: lease.registry().credential,
      rotation: lease.registry().rotation,
      now: now(),
      ...known,
    });
  }

  async function nextStep(): Promise<RotationStep> {
    const { current, previous } = lease.registry().rotation;
    const currentWorks = await works(current);
    return decideNow({ currentWorks, previousWorks: currentWorks || !previous || (await works(previous)) });
  }

  async function contextFor(why: string): Promise<IssueContext> {
    const { current, candidate, previous } = lease.registry().rotation;
    return {
      ...{ registry: lease.registry(), now, signal, current },
      ...{ arm: services.armCredentials, graph: services.graph, exchange: services.exchange },
      currentWorks: await works(current),
      compromised: why === 'compromised',
      kept: [current, candidate, previous].filter(issue => issue !== undefined),
    };
  }

  async function issue(why: string): Promise<void> {
    const { credential: declared } = lease.registry();
    const issuedOn = now();
    const issued = await credentialKind(declared.kind).issuer?.issue(declared, await contextFor(why));
    if (!issued) return;
    const { password, ...described } = issued;
    const secretVersion = await vault.write(secretName, password);
    await save({ candidate: { ...described, declared, secretVersion, issuedOn } });
    log.info('credential issued', { registry: name, kind: declared.kind, why, slot: described.slot });
  }

  async function revoke(old: IssuedCredential): Promise<void> {
    const { issuer } = credentialKind(old.declared.kind);
    await issuer?.revoke(old.declared, old, await contextFor('revoke'));
    const { current, candidate, previous } = lease.registry().rotation;
    const kept = [current, candidate, previous].filter(issue => issue && issue !== old) as IssuedCredential[];
    await vault.keepOnly(
      secretName,
      kept.map(({ secretVersion }) => secretVersion),
    );
  }

  async function prove(candidate: IssuedCredential): Promise<boolean> {
    if (!(await comesToWork(candidate))) return false;
    tested.set(candidate.secretVersion, true);
    const { current } = lease.registry().rotation;
    const first = current ? {} : { lastResult: rotated(now()), requestedOn: undefined };
    await save({
      current: candidate,
      previous: current,
      candidate: undefined,
      revokeOn: undefined,
      ...first,
    });
    // Coder may have the registry from before, and else gets it with the first image.
    if (!current) await tellRotated(candidate);
    if (!current) await holder.prove(lease.registry(), signal);
    return true;
  }

  function tellRevoked({ slot, declared: { kind } }: IssuedCredential): void {
    if (credentialKind(kind).issuer) log.info('credential revoked', { registry: name, kind, slot });
    // What a person supplied goes on working for whoever has it.
    else log.info('credential forgotten', { registry: name, kind });
  }

  async function tellRotated({
    username,
    slot,
    declared: { kind },
    expiresOn,
  }: IssuedCredential): Promise<void> {
    const { revokeOn } = lease.registry().rotation;
    log.info('rotation', { registry: name, kind, outcome: 'rotated', reason: 'rotated', slot, revokeOn });
    const data = { registry: name, kind, username, ...(expiresOn && { expiresOn }) };
    await services.publish('Registry.CredentialRotated', name, data);
  }

  async function tellFailed({ reason, message }: Failure): Promise<void> {
    const { kind } = lease.registry().credential;
    log.error('rotation', { registry: name, kind, outcome: 'failed', reason, message });
    await services.publish('Registry.RotationFailed', name, { registry: name, kind, reason, message });
  }

  /** Once for each credential, while there is still time. */
  async function warnOfEnd(): Promise<void> {
    const { current, warnedOf } = lease.registry().rotation;
    if (!current?.expiresOn || warnedOf === current.secretVersion || !endsSoon(current, now())) return;
    const { username, declared, expiresOn, secretVersion } = current;
    await save({ warnedOf: secretVersion });
    log.warn('credential expiring', { registry: name, kind: declared.kind, expiresOn });
    const data = { registry: name, kind: declared.kind, username, expiresOn };
    await services.publish('Registry.CredentialExpiring', name, data);
  }

  async function deliver(): Promise<void> {
    const { current, previous, givenUp } = lease.registry().rotation;
    try {
      await holder.prove(lease.registry(), signal);
    } catch (error) {
      if (givenUp || !(error instanceof ServiceError && FINAL.includes(error.reason))) throw error;
      return giveUp(error);
    }
    if (givenUp) return save({ revokeOn: now() });
    const leaked = previous !== undefined && isLeaked(previous, lease.registry().rotation);
    const revokeOn = leaked ? now() : endOfGrace(lease.registry().credential, now());
    await save({ revokeOn, lastResult: rotated(now()), requestedOn: undefined });
    await tellRotated(current as IssuedCredential);
  }

  /** Coder is to have the previous one back, which still works. */
  async function giveUp({ reason, message }: Failure): Promise<void> {
    const { current, previous } = lease.registry().rotation;
    const lastResult = { on: now(), outcome: 'failed', reason, message } as const;
    await save({ current: previous, previous: current, givenUp: { reason, message }, lastResult });
    await tellFailed({ reason, message });
  }

  /** @returns whether there is more to do now */
  async function take(step: RotationStep): Promise<boolean> {
    const { candidate, previous } = lease.registry().rotation;
    switch (step.do) {
      case 'nothing':
        return false;
      case 'report':
        await fail(refusedBy(lease.registry()));
        return false;
      case 'issue':
        await issue(step.why);
        return true;
      case 'prove':
        return prove(candidate as IssuedCredential);
      case 'discard':
        await revoke(candidate as IssuedCredential);
        await save({ candidate: undefined });
        if (step.expired) await fail(neverAccepted(lease.registry()));
        return !step.expired;
      case 'deliver':
        await deliver();
        return true;
      case 'fall-back':
        await giveUp(refusedBy(lease.registry()));
        return true;
      case 'revoke':
        if (step.deliverFirst) await holder.prove(lease.registry(), signal);
        await revoke(previous as IssuedCredential);
        await save({ previous: undefined, revokeOn: undefined, givenUp: undefined });
        tellRevoked(previous as IssuedCredential);
        return true;
    }
  }

  /** Says it once, and not with each run. */
  async function fail({ reason, message }: Failure): Promise<void> {
    const { lastResult } = lease.registry().rotation;
    if (lastResult?.outcome === 'failed' && lastResult.reason === reason) return;
    await save({ lastResult: { on: now(), outcome: 'failed', reason, message } });
    await tellFailed({ reason, message });
  }

  /** What somebody changed behind our back, without any password being new. */
  async function maintain(): Promise<void> {
    const { credential } = lease.registry();
    const { issuer } = credentialKind(credential.kind);
    if (lease.registry().rotation.current) await issuer?.maintain?.(credential, await contextFor('maintain'));
    if (await holder.hasDrifted(lease.registry(), signal)) await holder.prove(lease.registry(), signal);
  }

  return {
    fail,

    // Whoever takes a step takes the lease first.
    isIdle: () => !lease.isHeld() && lease.registry().rotation.current !== undefined,

    async carryOn() {
      while (!signal.aborted) {
        const step = await nextStep();
        if (step.do !== 'nothing' && step.do !== 'report') await lease.take();
        if (!(await take(step))) break;
      }
      await warnOfEnd();
      const { current, candidate, lastResult } = lease.registry().rotation;
      if (!current || candidate || signal.aborted || !(await works(current))) return;
      await maintain();
      // What was wrong is no more.
      const isOver =
        lastResult?.outcome === 'failed' && !lease.registry().rotation.givenUp && isPassing(lastResult);
      if (isOver) await save({ lastResult: undefined });
    },

    release: lease.release,
  };
}

function rotated(on: Date) {
  return { on, outcome: 'rotated', reason: 'rotated', message: 'Coder has the new credential.' } as const;
}

function refusedBy({ loginServer, credential, rotation: { current } }: StoredRegistry): Failure {
  const remedy = credentialKind(credential.kind).supplied
    ? ' PUT the registry again with a working password.'
    : '';
  const message = `${loginServer} refuses ${current?.username}, or its password is gone from Key Vault.${remedy}`;
  return { reason: 'credential-refused', message };
}

function neverAccepted({ loginServer }: StoredRegistry): Failure {
  const message = `${loginServer} did not come to accept the new credential within 15 minutes; Coder keeps the one that it has. Check that the account may pull from the registry (AcrPull, or Container Registry Repository Reader in ABAC mode).`;
  return { reason: 'not-accepted', message };
}

/** Whether a run that finds everything well has thereby mended it. What concerned a new credential is told until the next one. */
function isPassing(failure: Failure): boolean {
  return isOutage(failure) || failure.reason === 'credential-refused';
}

function isOutage({ reason }: Failure): boolean {
  return reason.endsWith('-unavailable') || reason === 'coder-busy';
}

function told({ reason, message }: Failure): Failure {
  return { reason, message };
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof ConflictError)) throw error;
}
