import { describe, expect, test } from 'vitest';
import { crashInHistories, liveTogether, tryHistories } from './histories.ts';
import { KINDS, VAULT_MOODS } from './model/bridge.ts';
import { type Event, happen, startWorld } from './model/history.ts';

// A part of the histories; test/crash tries more of them, and others each time.

const HISTORIES = 12;
const EVERY = 90;

describe.each(KINDS)('with a credential of kind %s', kind => {
  test('no Coder loses what it holds by the bridge, whatever happens', async () => {
    const counts = await tryHistories(kind, HISTORIES, 1);

    console.log(`histories of ${kind}: ${JSON.stringify(counts)}`);
    expect(counts.histories).toBe(HISTORIES);
  });

  test('nor where a rotation is cut off, whatever follows', async () => {
    const counts = await crashInHistories(kind, EVERY, 7);

    console.log(`crashes of ${kind}: ${JSON.stringify(counts)}`);
    expect(counts.crashes).toBeGreaterThan(0);
  });
});

describe.each(['key-vault', 'pull'] as const)('with the delivery %s', holding => {
  test.each(KINDS)('no copy loses what it has before the time in which it is renewed: %s', async kind => {
    const counts = await tryHistories(kind, HISTORIES, 1, holding);

    console.log(`histories of ${kind} by ${holding}: ${JSON.stringify(counts)}`);
    expect(counts.histories).toBe(HISTORIES);
  });
});

test.each(['token', 'service-principal', 'entra-identity'] as const)(
  'two deployments with different policies live beside each other at one registry: %s',
  async kind => {
    const { looks, refused } = await liveTogether(kind, 2);

    expect({ looks, refused }).toEqual({ looks: 576, refused: 0 });
  },
);

test('refusals before an outage and after it are not taken for one that lasted', async () => {
  const counts = { histories: 0, calls: 0, refusals: 0, crashes: 0 };
  const events: Event[] = [
    { do: 'person-disables', who: 0 },
    { do: 'registry', mood: 'refuses-logins', minutes: 70 },
    { do: 'request', who: 0, compromised: false },
    { do: 'registry', mood: 'lies', minutes: 1 },
  ];

  await happen(await startWorld('token', counts), events);
});

test('what cannot be stored does not pile up, however long the vault refuses', async () => {
  const counts = { histories: 0, calls: 0, refusals: 0, crashes: 0 };
  const events: Event[] = [
    { do: 'vault', who: 0, mood: 'takes-no-changes', minutes: 70 },
    { do: 'person-kills', who: 0, which: 'both' },
    { do: 'vault', who: 0, mood: 'takes-no-changes', minutes: 70 },
  ];

  await happen(await startWorld('service-principal', counts), events);
});

test.each(VAULT_MOODS)(
  'no password of the administrator is regenerated again and again while the vault %s',
  async mood => {
    const counts = { histories: 0, calls: 0, refusals: 0, crashes: 0 };
    const world = await startWorld('admin', counts);
    const regenerated = () => world.story.filter(line => line.includes('regenerate')).length;
    const vault = (minutes: number) => ({ do: 'vault', who: 0, mood, minutes }) as const;
    const events: Event[] = [
      // In the grace period of the first rotation.
      ...[{ do: 'request', who: 0, compromised: false } as const, { do: 'wait', minutes: 10 } as const],
      ...[vault(120), { do: 'request', who: 0, compromised: false } as const, vault(600)],
    ];

    await happen(world, events);

    // To issue and to revoke, for each of the two.
    expect(regenerated()).toBeLessThanOrEqual(4);
  },
);

test('nor one that leaked before it was tested, wherever its rotation was cut off', async () => {
  for (let diesAfter = 1; diesAfter <= 40; diesAfter += 1) {
    const world = await startWorld('admin', { histories: 0, calls: 0, refusals: 0, crashes: 0 });

    await happen(world, [
      { do: 'request', who: 0, compromised: false },
      { do: 'run', who: 0, both: false, diesAfter, last: 'done' },
      { do: 'request', who: 0, compromised: true },
      { do: 'vault', who: 0, mood: 'takes-no-changes', minutes: 120 },
    ]);

    const regenerated = world.story.filter(line => line.includes('regenerate'));
    // The one that was cut off, what leaked, and what comes after it.
    expect(regenerated.length, `cut off at call ${diesAfter}`).toBeLessThanOrEqual(5);
  }
});

test('a second deployment is refused the administrator account, with the reason', async () => {
  const counts = { histories: 0, calls: 0, refusals: 0, crashes: 0 };

  await expect(startWorld('admin', counts, 2)).rejects.toMatchObject({
    reason: 'belongs-to-others',
    message: expect.stringMatching(/deployment alpha .*az acr scope-map delete.*adopt: true/),
  });
});
