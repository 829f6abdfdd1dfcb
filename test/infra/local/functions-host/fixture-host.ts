import { vi } from 'vitest';
import { type FunctionsHost, startFunctionsHost } from '../../../../infra/local/functions-host/host.ts';
import { bundleApp } from './bundle-app.ts';

export const KEYS = { master: 'm', host: 'h', eventGrid: 'e', functions: { guarded: 'g' } };
/** The time at which everything is logged. */
export const NOW = '2024-01-01T00:00:00.000Z';

export interface FixtureHost extends FunctionsHost {
  /** The log so far; tests empty it. */
  lines: string[];
  /** Waits for the first log line that contains `part`. */
  logLine(part: string): Promise<string>;
  call(path: string, init?: RequestInit): Promise<Response>;
}

/** Runs the bundled fixture app. */
export async function startFixtureHost(): Promise<FixtureHost> {
  vi.stubEnv('TICK', '0 0 0 1 1 *');
  vi.stubEnv('AzureWebJobs.off.Disabled', 'true');
  const lines: string[] = [];
  let onLine = () => {};
  const app = await bundleApp(`import './fixture-app.ts';`);
  const host = await startFunctionsHost({
    app: app.file,
    port: 0,
    keys: KEYS,
    routePrefix: 'api',
    now: () => new Date(NOW),
    log(line) {
      lines.push(line);
      onLine();
    },
  });
  return {
    ...host,
    lines,
    async logLine(part) {
      for (;;) {
        const line = lines.find(candidate => candidate.includes(part));
        if (line) return line;
        await new Promise<void>(resolve => {
          onLine = resolve;
        });
      }
    },
    call: (path, init) => fetch(host.url + path, init),
    async close() {
      await host.close();
      await app.remove();
      vi.unstubAllEnvs();
    },
  };
}
