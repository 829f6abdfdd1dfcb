import type { MovableClock } from '../../clock.ts';
import { type Delivery, post, type Subscription } from './delivery.ts';
import type { EventGridEvent } from './events.ts';
import { withoutKey } from './handshake.ts';
import { ANSWER_WAIT_MS, type GiveUpReason, judge, type Outcome } from './retry-policy.ts';

/** What the delivery may do beyond what subscribers cause: the real one promises neither once nor in order. */
export interface DeliveryMode {
  /** Further copies of each event. */
  duplicates: number;
  /** Each copy waits for a random time of up to 5 s, so that they overtake each other. */
  shuffle: boolean;
}

export interface Dispatcher {
  deliver(event: EventGridEvent, subscription: Subscription): void;
  /** Holds for the events that come after it. */
  setMode(mode: DeliveryMode): void;
  /** Oldest first. */
  deliveries(): readonly Delivery[];
  /** Resolves when no request is open, not even one whose answer comes too late to count. */
  idle(): Promise<void>;
  /** Breaks off all requests, and makes no more. */
  stop(): void;
}

interface Job {
  delivery: Delivery;
  subscription: Subscription;
  expiresAtMs: number;
}

const SHUFFLE_SPREAD_MS = 5_000;

/**
 * Delivers each event on its own, so that a slow subscriber delays nothing else.
 * @param random at least 0 and below 1
 */
export function createDispatcher(clock: MovableClock, random: () => number): Dispatcher {
  const jobs: Job[] = [];
  const open = new Set<Promise<void>>();
  const stopped = new AbortController();
  let mode: DeliveryMode = { duplicates: 0, shuffle: false };

  function attempt(job: Job): void {
    if (stopped.signal.aborted) return;
    delete job.delivery.nextAttemptAt;
    if (clock.now().getTime() >= job.expiresAtMs) giveUp(job, 'expired');
    else send(job);
  }

  function send(job: Job): void {
    const { delivery, subscription } = job;
    delivery.attempts += 1;
    const stopWaiting = clock.after(ANSWER_WAIT_MS, () => settle(job, 'timeout'));
    const request = post(delivery.event, subscription, delivery.attempts, stopped.signal).then(outcome => {
      open.delete(request);
      if (stopWaiting()) settle(job, outcome);
    });
    open.add(request);
  }

  function settle(job: Job, outcome: Outcome): void {
    const { delivery, subscription } = job;
    delivery.lastStatus = outcome;
    const verdict = judge(outcome, delivery.attempts, subscription.maxAttempts);
    if (verdict.action === 'accept') delivery.state = 'delivered';
    if (verdict.action === 'give-up') giveUp(job, verdict.reason);
    if (verdict.action === 'retry') attemptLater(job, verdict.afterMs);
  }

  function attemptLater(job: Job, afterMs: number): void {
    job.delivery.nextAttemptAt = new Date(clock.now().getTime() + afterMs).toISOString();
    clock.after(afterMs, () => attempt(job));
  }

  return {
    deliver(event, subscription) {
      const expiresAtMs = clock.now().getTime() + subscription.ttlMinutes * 60_000;
      for (let copy = 0; copy <= mode.duplicates; copy += 1) {
        const job = { delivery: newDelivery(event, subscription), subscription, expiresAtMs };
        jobs.push(job);
        if (mode.shuffle) attemptLater(job, random() * SHUFFLE_SPREAD_MS);
        else attempt(job);
      }
    },
    setMode(next) {
      mode = next;
    },
    deliveries: () => jobs.map(job => job.delivery),
    async idle() {
      while (open.size > 0) await Promise.all(open);
    },
    stop: () => stopped.abort(),
  };
}

function newDelivery(event: EventGridEvent, { endpoint }: Subscription): Delivery {
  return { event, endpoint: withoutKey(endpoint), state: 'pending', attempts: 0 };
}

function giveUp({ delivery, subscription }: Job, reason: GiveUpReason): void {
  delivery.state = subscription.deadLetter ? 'dead-lettered' : 'dropped';
  delivery.reason = reason;
}
