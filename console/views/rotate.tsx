import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { Outcome } from '../parts/outcome.tsx';
import { Time } from '../parts/time.tsx';
import type { Registry, RotationPlan } from '../types.ts';
import { useAction } from '../use-action.ts';

/** Rotates the credential of a registry, after a look at what that would do. */
export function Rotate({ registry: { name, rotation }, reload }: { registry: Registry; reload(): void }) {
  const [plan, setPlan] = useState<RotationPlan>();
  const look = useAction(async (isCompromised: boolean) => {
    setPlan(undefined);
    const query = `dryRun=true${isCompromised ? '&compromised=true' : ''}`;
    setPlan((await call<RotationPlan>('POST', `registries/${name}/rotate?${query}`)).data);
    return undefined;
  });
  const rotate = useAction(async (isCompromised: boolean) => {
    setPlan(undefined);
    await call('POST', `registries/${name}/rotate${isCompromised ? '?compromised=true' : ''}`);
    reload();
    return `The rotation of ${name} has started. The bridge goes on with it within a minute.`;
  });
  const isBusy = look.busy || rotate.busy;
  const isUnderWay = rotation.step !== undefined && rotation.step !== 'waiting-to-revoke';
  return (
    <>
      <div class="buttons">
        <button type="button" disabled={isBusy || isUnderWay} onClick={() => look.run(false)}>
          Rotate …
        </button>
        <button type="button" disabled={isBusy} onClick={() => look.run(true)}>
          Compromised …
        </button>
      </div>
      {plan && (
        <Plan
          key={String(plan.compromised)}
          plan={plan}
          onGo={() => rotate.run(plan.compromised)}
          onCancel={() => setPlan(undefined)}
        />
      )}
      <Outcome of={look} />
      <Outcome of={rotate} />
    </>
  );
}

interface PlanProps {
  plan: RotationPlan;
  onGo(): void;
  onCancel(): void;
}

/** What ends a credential at once takes the name of its registry, typed. */
function Plan({ plan: { registry, compromised, steps, interrupts, waits }, onGo, onCancel }: PlanProps) {
  const [typed, setTyped] = useState('');
  return (
    <section class={`note ${compromised ? 'bad' : ''}`} aria-label="Plan of the rotation">
      <ol>
        {steps.map(({ step, on, slot }) => (
          <li key={step + (on ?? '')}>
            {step} {slot && <code>{slot}</code>} {on && <Time of={on} />}
          </li>
        ))}
      </ol>
      {interrupts && <p>{interrupts}</p>}
      {waits && <p>{waits}</p>}
      {compromised && (
        <label>
          Type <strong>{registry}</strong> to go on{' '}
          <input
            type="text"
            value={typed}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            onInput={event => setTyped(event.currentTarget.value)}
          />
        </label>
      )}
      <div class="buttons">
        <button type="button" class="primary" disabled={compromised && typed !== registry} onClick={onGo}>
          {compromised ? 'Replace it and revoke the old one' : 'Rotate now'}
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </section>
  );
}
