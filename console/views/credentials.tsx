import { NoRegistry } from '../parts/no-registry.tsx';
import { useRegistries } from '../parts/registry-picker.tsx';
import { Show } from '../parts/show.tsx';
import { type Light, State } from '../parts/state.tsx';
import { Time, useNow } from '../parts/time.tsx';
import type { Registry } from '../types.ts';
import { CoderToken } from './coder-token.tsx';
import { Rotate } from './rotate.tsx';

const EVERY_MS = 5_000;
const DAY_MS = 86_400_000;
/** Kinds of which there is nothing to rotate. */
const SUPPLIED = new Set(['static', 'managed-identity']);

/** The credential of each registry, with its age, and Coder's own token. */
export function Credentials() {
  const registries = useRegistries(EVERY_MS);
  return (
    <>
      <h1 tabIndex={-1}>Credentials</h1>
      <Show of={registries} what="the credentials">
        {({ items }) =>
          items.length === 0 ? (
            <NoRegistry />
          ) : (
            <ul class="cards">
              {items.map(registry => (
                <li key={registry.name}>
                  <Credential registry={registry} reload={registries.reload} />
                </li>
              ))}
              <li>
                <CoderToken registry={items[0] as Registry} />
              </li>
            </ul>
          )
        }
      </Show>
    </>
  );
}

function Credential({ registry, reload }: { registry: Registry; reload(): void }) {
  const { name, loginServer, credential, rotation } = registry;
  const { lastResult, step, compromised } = rotation;
  const [light, word] = lightOf(registry);
  return (
    <article class="card" aria-label={`Credential of ${name}`}>
      <header>
        <h2>
          {name} <span class="quiet small">{loginServer}</span>
        </h2>
        <State light={light}>{word}</State>
      </header>
      <dl class="facts">
        <dt>Kind</dt>
        <dd>
          <code>{credential.kind}</code> {rotation.username && <>as {rotation.username}</>}
        </dd>
        <dt>Age</dt>
        <dd>
          <Age issuedOn={rotation.issuedOn} />
        </dd>
        <dt>Ends</dt>
        <dd>
          <Time of={rotation.expiresOn} none="no end is known" />
        </dd>
        <dt>Next rotation</dt>
        <dd>
          <Time of={rotation.nextRotationOn} none="the bridge does not rotate this kind" />
        </dd>
        {step && (
          <>
            <dt>In progress</dt>
            <dd>
              <State light="wait">{step}</State> since <Time of={rotation.startedOn} />, {rotation.why}
              {rotation.attempts
                ? `, ${rotation.attempts} ${rotation.attempts === 1 ? 'attempt' : 'attempts'}`
                : ''}
              {step !== 'waiting-to-revoke' && '; the next step comes within a minute'}
            </dd>
          </>
        )}
        {rotation.refusedSince && (
          <>
            <dt>Refused</dt>
            <dd>
              <State light="bad">by the registry</State> since <Time of={rotation.refusedSince} />
            </dd>
          </>
        )}
        {compromised && (
          <>
            <dt>Compromised</dt>
            <dd>
              <State light="bad">a reported credential still works</State>
            </dd>
          </>
        )}
        <Previous of={rotation.previous} />
        <dt>Last result</dt>
        <dd>
          {lastResult ? (
            <>
              {lastResult.outcome} <Time of={lastResult.on} />
              {lastResult.outcome === 'failed' && (
                <div>
                  <code>{lastResult.reason}</code> {lastResult.message} {lastResult.remedy}
                </div>
              )}
            </>
          ) : (
            <span class="quiet">no rotation yet</span>
          )}
        </dd>
      </dl>
      {SUPPLIED.has(credential.kind) ? (
        <p class="quiet">
          The bridge does not issue this kind. To change it, declare the registry again with another
          credential.
        </p>
      ) : (
        <Rotate registry={registry} reload={reload} />
      )}
    </article>
  );
}

function lightOf({ rotation }: Registry): [Light, string] {
  const { refusedSince, compromised, lastResult, step } = rotation;
  if (refusedSince) return ['bad', 'refused'];
  if (compromised) return ['bad', 'compromised'];
  if (lastResult?.outcome === 'failed') return ['bad', 'rotation failed'];
  return step && step !== 'waiting-to-revoke' ? ['wait', 'rotating'] : ['good', 'works'];
}

function Age({ issuedOn }: { issuedOn: string | undefined }) {
  const now = useNow();
  if (!issuedOn)
    return <span class="quiet">no credential: Coder pulls with its own identity, or none is issued yet</span>;
  const days = Math.max(0, Math.floor((now.getTime() - Date.parse(issuedOn)) / DAY_MS));
  return (
    <>
      <strong>
        {days} {days === 1 ? 'day' : 'days'}
      </strong>
      <span class="quiet">
        , issued <Time of={issuedOn} />
      </span>
    </>
  );
}

function Previous({ of }: { of: Registry['rotation']['previous'] }) {
  if (!of) return null;
  return (
    <>
      <dt>Previous one</dt>
      <dd>
        {of.revokedOn && (
          <>
            revoked <Time of={of.revokedOn} />
          </>
        )}
        {of.revokeOn && (
          <>
            in its grace period, revoked <Time of={of.revokeOn} />
          </>
        )}
        {of.endsOn && (
          <>
            works until it ends, <Time of={of.endsOn} />
          </>
        )}
        {!of.revokedOn && !of.revokeOn && !of.endsOn && 'stays until Coder has the new one'}
        {of.compromised && ', reported as compromised'}
      </dd>
    </>
  );
}
