import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { advanceClock } from './clock.ts';
import { startFunctionsHost } from './host.ts';

// The app reads its settings, NODE_EXTRA_CA_CERTS among them, from the environment of its process, so the host is
// a process of its own, started with that environment and these variables of its own beside it.
const Settings = z.object({
  /** Path of the app's CommonJS bundle. */
  HOST_APP: z.string(),
  /** 0, the default, takes any free port. */
  HOST_PORT: z.coerce.number().int().default(0),
  HOST_KEYS: z
    .string()
    .transform(text => JSON.parse(text) as unknown)
    .pipe(
      z.object({
        master: z.string(),
        host: z.string(),
        eventGrid: z.string(),
        functions: z.record(z.string(), z.string()).optional(),
      }),
    ),
});
const HostJson = z.object({
  extensions: z.object({ http: z.object({ routePrefix: z.string().optional() }).optional() }).optional(),
});

const settings = Settings.parse(process.env);
for (const name of Object.keys(Settings.shape)) delete process.env[name];
const { extensions } = HostJson.parse(JSON.parse(readFileSync('host.json', 'utf8')));

const host = await startFunctionsHost({
  app: settings.HOST_APP,
  port: settings.HOST_PORT,
  keys: settings.HOST_KEYS,
  routePrefix: extensions?.http?.routePrefix ?? 'api',
  log: console.log,
}).catch((error: Error): never => {
  console.error(`The functions host cannot start: ${error.message}`);
  process.exit(1);
});

let closing = false;
async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  await host.close();
  process.exit();
}
process.on('SIGTERM', close);
process.on('SIGINT', close);
process.on('disconnect', close);
process.on('message', ({ advanceMs }: { advanceMs: number }) => advanceClock(advanceMs));

console.log(`HOST READY ${JSON.stringify({ url: host.url })}`);
process.send?.({ url: host.url });
