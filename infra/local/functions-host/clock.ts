let offsetMs = 0;

/** Moves what `Date` says in this process; timers keep running with the real time. */
export function advanceClock(ms: number): void {
  if (offsetMs === 0) globalThis.Date = movable(Date);
  offsetMs += ms;
}

function movable(real: DateConstructor): DateConstructor {
  const now = () => real.now() + offsetMs;
  return new Proxy(real, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}
