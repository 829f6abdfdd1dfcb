import type { Login } from '../../../../shared/azure/acr/tokens.ts';
import { DockerConfig } from '../../../../shared/credentials/docker-config.ts';
import { type AzureModel, HOST } from './azure.ts';

/** Deliveries whose copies the bridge cannot see. */
export type Copied = 'key-vault' | 'pull';
/** What holds the credential: Coder Classic, or copies for workspaces of Coder v2. */
export type Holding = 'coder' | Copied;

export const SECRET = 'contoso-pull';
const REFRESH_MINUTES = 30;

export function declaredDelivery(kind: Copied): object {
  return { kind, refreshMinutes: REFRESH_MINUTES, ...(kind === 'key-vault' && { secret: SECRET }) };
}

export type Copies = ReturnType<typeof createCopies>;

/**
 * What External Secrets or a job of cron keeps in the cluster: it reads anew as often as declared, and keeps what it has
 * where it cannot.
 * @param read the docker configuration as it is given now; undefined when it cannot be had
 */
export function createCopies(azure: AzureModel, read: () => string | undefined) {
  let text: string | undefined;
  let dueOn = azure.now().getTime();
  function renew(): void {
    dueOn = azure.now().getTime() + REFRESH_MINUTES * 60_000;
    text = read() ?? text;
  }
  azure.timers.push({ dueOn: () => dueOn, run: renew });
  return {
    renew,
    held(): Login | undefined {
      if (text === undefined) return undefined;
      const { username, password } = DockerConfig.parse(JSON.parse(text)).auths[HOST] ?? {};
      return { username: username ?? '', password: password ?? '' };
    },
  };
}
