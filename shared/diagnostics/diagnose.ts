import { partsOf } from '../azure/arm/resource-id.ts';
import { readPrincipalId } from '../azure/principal.ts';
import { PRINCIPAL } from '../azure/refusals/refusal.ts';
import { describe, StorageError, UnreadableRowError, unknownRegistry } from '../errors.ts';
import type { Check, Verdict } from '../lib/check.ts';
import { once } from '../lib/once.ts';
import { timeLimit } from '../lib/time-limit.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { type DiagnosisServices, listChecks } from './checks.ts';
import type { Diagnosis } from './diagnosis.ts';

/** The result of one check. */
export interface Finding {
  check: string;
  /** null when there is no result, for example after another check failed. */
  ok: boolean | null;
  /** `ok`, `not-checked`, or the reason of the failure. */
  reason: string;
  message: string;
  /** What to do about it, when something is wrong. */
  remedy?: string;
}

/** Longest time for one check. */
const CHECK_BUDGET_MS = 15_000;

/**
 * Checks everything that must be true for this registry's images to arrive in Coder. A check is skipped when one that
 * it
 * needs fails, so that one fault gives one finding.
 *
 * @throws RefusedError `not-found` when there is no such registry
 */
export async function diagnose(
  services: DiagnosisServices,
  name: string,
  signal: AbortSignal,
): Promise<Finding[]> {
  let unreadable: UnreadableRowError | undefined;
  const registry = await services.registries.get(name).catch((error: unknown) => {
    // Checks report failing tables and a record that cannot be read; those that use the record need these first.
    if (error instanceof UnreadableRowError) unreadable = error;
    if (error instanceof StorageError) return null;
    throw error;
  });
  if (registry === undefined) throw unknownRegistry(name);

  const diagnosis = { ...(await begin(services, registry, signal)), ...(unreadable && { unreadable }) };
  const checks = listChecks(services).filter(check => !registry || (check.appliesTo?.(diagnosis) ?? true));
  const verdicts = new Map<string, Promise<Verdict>>();
  for (const check of checks) verdicts.set(check.name, judge(check, verdicts, diagnosis));
  return Promise.all(
    checks.map(async ({ name: check }) => toFinding(check, (await verdicts.get(check)) as Verdict)),
  );
}

async function begin(
  { credential, settings, arm }: DiagnosisServices,
  registry: StoredRegistry | null,
  signal: AbortSignal,
): Promise<Diagnosis> {
  return {
    registry: registry as StoredRegistry,
    askAzure: once(() => arm.describeRegistry(partsOf(registry as StoredRegistry), signal)),
    principalId: (await readPrincipalId(credential, settings.ARM_AUDIENCE)) ?? PRINCIPAL,
    signal,
  };
}

async function judge(
  check: Check<Diagnosis>,
  earlier: ReadonlyMap<string, Promise<Verdict>>,
  diagnosis: Diagnosis,
): Promise<Verdict> {
  // A copy, because the map grows while this waits.
  const needs = check.needs.map(need => [need, earlier.get(need)] as const);
  for (const [need, verdict] of needs) {
    const { ok } = (await verdict) ?? { ok: true };
    if (!ok) return { ok: null, message: `Not checked: it needs ${need}.` };
  }
  const signal = timeLimit(CHECK_BUDGET_MS, diagnosis.signal);
  try {
    return await check.run({ ...diagnosis, signal });
  } catch (error) {
    const remedy = 'Run the checks again. If it stays, report the bug with this message.';
    return { ok: false, reason: 'check-failed', message: describe(error), remedy };
  }
}

function toFinding(check: string, verdict: Verdict): Finding {
  if (verdict.ok) return { check, ok: true, reason: 'ok', message: verdict.message };
  if (verdict.ok === null) return { check, ok: null, reason: 'not-checked', message: verdict.message };
  return { check, ...verdict };
}
