import { inline } from './prose.tsx';
import { State } from './state.tsx';

interface Cause {
  light: 'amber' | 'red';
  reason: string;
  message: string;
  remedy?: string | undefined;
}

/** Why something is not green. */
export function Causes({ of }: { of: readonly Cause[] }) {
  if (of.length === 0) return null;
  return (
    <ul class="causes">
      {of.map(({ light, reason, message, remedy }) => (
        <li key={reason + message}>
          <State light={light === 'red' ? 'bad' : 'wait'}>{reason}</State> {inline(message)}
          {remedy && <span class="quiet"> {inline(remedy)}</span>}
        </li>
      ))}
    </ul>
  );
}
