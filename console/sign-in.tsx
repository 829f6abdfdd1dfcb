import { useState } from 'preact/hooks';
import type { ApiError } from './api.ts';
import { getKey } from './session.ts';

/** Asks for what the bridge asks for: a sign-in where the platform has that, else a function key. */
export function SignIn({ error, onKey }: { error: ApiError; onKey(key: string): void }) {
  const [typed, setTyped] = useState('');
  // The bridge itself asks for a principal; a missing or wrong key the platform refuses, without a body.
  if (error.problem?.reason === 'unauthenticated') return <WithEntra />;
  return (
    <form
      class="sign-in"
      onSubmit={event => {
        event.preventDefault();
        if (typed.trim()) onKey(typed.trim());
      }}
    >
      <h1 tabIndex={-1}>Coder ACR Bridge</h1>
      {getKey() !== undefined && (
        <p class="note bad" role="alert">
          The bridge refuses this key. It may have been renewed, or belong to another function: the console
          needs the host key.
        </p>
      )}
      <label for="key">Function key</label>
      {/* No password manager: the key must stay in this tab alone. */}
      <input
        id="key"
        type="password"
        autocomplete="off"
        value={typed}
        onInput={event => setTyped(event.currentTarget.value)}
      />
      <button type="submit" class="primary">
        Open
      </button>
      <p class="quiet">
        The host key opens everything:{' '}
        <code class="wrap">
          az functionapp keys list --name APP --resource-group GROUP --query functionKeys.default
        </code>
        .{' '}
        {isLaptop() && (
          <>
            On a laptop <code>npm start</code> prints the address with the key in it.{' '}
          </>
        )}
        It stays in the memory of this tab, and ends with it.
      </p>
    </form>
  );
}

function isLaptop(): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
}

function WithEntra() {
  return (
    <div class="sign-in">
      <h1 tabIndex={-1}>Coder ACR Bridge</h1>
      <p>The bridge shows nothing without a sign-in.</p>
      <a class="button primary" href="/.auth/login/aad?post_login_redirect_uri=/api/console">
        Sign in with Entra
      </a>
    </div>
  );
}
