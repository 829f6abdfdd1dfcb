import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import { ensureTls } from './infra/local/tls.ts';

// Node reads this variable when a process starts, so it must stand before vitest forks its workers.
const tls = await ensureTls(join(import.meta.dirname, '.local', 'tls'));
process.env.NODE_EXTRA_CA_CERTS = tls.caFile;

/**
 * Tests that play Entra, the platform or a registry that leads elsewhere, or look at what a process was before: MSAL and
 * others keep what they saw. To collect all garbage takes long in a process that has much.
 */
const ALONE = [
  'test/infra/local/cloud.test.ts',
  'test/infra/local/functions-host/**/*.test.ts',
  'test/infra/local/stand-ins/entra*.test.ts',
  'test/infra/local/stand-ins/tables.test.ts',
  'test/shared/azure/acr/client.test.ts',
  'test/shared/azure/only-to.test.ts',
  'test/shared/azure/sdk/identity-that-hangs.test.ts',
  'test/shared/diagnostics/identity.test.ts',
  'test/shared/lib/time-limit.test.ts',
];

/** Tests wait for servers as long as they compute, so that there are more files at once than cores. */
const MORE_THAN_CORES = 3 * availableParallelism();

/** Gives Markdown as its text, as esbuild does for the bundle. */
const markdownText: Plugin = {
  name: 'markdown-text',
  transform: (code, id) => (id.endsWith('.md') ? `export default ${JSON.stringify(code)}` : undefined),
};

export default defineConfig({
  plugins: [markdownText],
  test: {
    pool: 'forks',
    maxWorkers: '100%',
    setupFiles: ['test/loopback-only.ts', 'test/short-pauses.ts'],
    // The functions library says so of each function that is loaded without a host, as some tests do on purpose.
    onConsoleLog: text => (/package is in test mode/.test(text) ? false : undefined),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Only the limit of the test itself ends a wait: a busy machine is no failure.
    expect: { poll: { timeout: 25_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, 'test/browser/**', 'test/interop/**', 'test/scale/**', 'test/crash/**'],
          // Files share a process for each core: to load the SDKs takes longer than most files do.
          isolate: false,
          maxWorkers: MORE_THAN_CORES,
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: MORE_THAN_CORES } },
      // In Chromium: .ci/run installs it.
      { extends: true, test: { name: 'browser', include: ['test/browser/**/*.test.ts'] } },
      { extends: true, test: { name: 'interop', include: ['test/interop/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'scale',
          include: ['test/scale/**/*.test.ts'],
          testTimeout: 1_800_000,
          disableConsoleIntercept: true,
        },
      },
      {
        extends: true,
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          testTimeout: 1_800_000,
          disableConsoleIntercept: true,
        },
      },
    ],
  },
});
