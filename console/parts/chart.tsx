import { duration } from '../relative-time.ts';
import { useNow } from './time.tsx';

interface Hour {
  startsOn: string;
  count: number;
  p50Ms?: number | undefined;
  p95Ms?: number | undefined;
}

const HOURS = 24;
const HOUR_MS = 3_600_000;
const [STEP, HEIGHT] = [10, 40];

/** A bar per hour of the day up to now: p50 within p95. */
export function Chart({ hours }: { hours: readonly Hour[] }) {
  const now = useNow().getTime();
  const first = now - (now % HOUR_MS) - (HOURS - 1) * HOUR_MS;
  const most = Math.max(1, ...hours.map(({ p95Ms = 0 }) => p95Ms));
  const scaled = (ms = 0) => Math.max(1, (ms / most) * HEIGHT);
  const shown = hours.map(hour => ({
    ...hour,
    at: Math.round((Date.parse(hour.startsOn) - first) / HOUR_MS),
  }));
  const label =
    hours.length === 0
      ? 'No push in the last 24 hours'
      : `Time from push to Coder in each of the last 24 hours; the slowest p95 is ${duration(most)}`;
  return (
    <svg
      class="chart"
      preserveAspectRatio="none"
      viewBox={`0 0 ${HOURS * STEP} ${HEIGHT + 1}`}
      role="img"
      aria-label={label}
    >
      <line x1="0" x2={HOURS * STEP} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} />
      {shown.map(({ at, startsOn, count, p50Ms, p95Ms }) => (
        <g key={startsOn}>
          <title>{`${startsOn.slice(11, 16)} UTC: ${count} pushes, p50 ${duration(p50Ms ?? 0)}, p95 ${duration(p95Ms ?? 0)}`}</title>
          <rect
            class="p95"
            x={at * STEP + 1}
            width={STEP - 2}
            y={HEIGHT - scaled(p95Ms)}
            height={scaled(p95Ms)}
          />
          <rect
            class="p50"
            x={at * STEP + 1}
            width={STEP - 2}
            y={HEIGHT - scaled(p50Ms)}
            height={scaled(p50Ms)}
          />
        </g>
      ))}
    </svg>
  );
}
