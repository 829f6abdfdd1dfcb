import { setTimeout as delay } from 'node:timers/promises';
import { reconcile } from '../../shared/reconciliation/reconcile.ts';
import { createServices } from '../../shared/services.ts';
import { readSettings } from '../../shared/settings.ts';

// Compares the registry that its argument names, and tells its parent how late a timer was at most: in an idle process
// first, and then beside each comparison. Its settings are those of the app.

const [registry = ''] = process.argv.slice(2);
const TIMER_MS = 10;
const IDLE_MS = 5_000;

/** How late the timer was at most, and how much the process itself computed at most between two of its turns. */
interface Longest {
  delayMs: number;
  computedMs: number;
}

async function longestBeside(work: () => Promise<void>): Promise<Longest> {
  const longest = { delayMs: 0, computedMs: 0 };
  let due = performance.now() + TIMER_MS;
  let before = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    longest.delayMs = Math.max(longest.delayMs, performance.now() - due);
    longest.computedMs = Math.max(longest.computedMs, (user + system) / 1_000);
    due = performance.now() + TIMER_MS;
    before = process.cpuUsage();
  }, TIMER_MS);
  await work();
  clearInterval(timer);
  return longest;
}

const log = { info() {}, warn() {}, error: console.error };

async function compare(dryRun: boolean) {
  const services = createServices(readSettings(process.env), { now: () => new Date(), random: Math.random });
  await services.reports.start(registry, dryRun);
  const longest = await longestBeside(() => reconcile(services, registry, new AbortController().signal, log));
  return { ...longest, report: await services.reports.get(registry) };
}

async function main() {
  await delay(1_000);
  const idle = await longestBeside(() => delay(IDLE_MS));
  process.on('message', async dryRun => {
    process.send?.(await compare(dryRun as boolean));
  });
  process.send?.(idle);
}

void main();
