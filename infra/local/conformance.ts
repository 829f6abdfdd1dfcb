import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createMovableClock } from './clock.ts';
import { createSecrets } from './secrets.ts';
import { startCoderV2 } from './stand-ins/coder-v2/coder-v2.ts';

// The program behind `npm run test:conformance`: runs statements that a real Coder kept against the stand-in.

const STANDARD_FILE = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'shared',
  'conformance',
  'coder-v2.test.mjs',
);

async function run(file: string): Promise<number> {
  const coder = await startCoderV2({
    secrets: createSecrets(),
    clock: createMovableClock(),
    ...(process.env.CODER_VERSION && { version: process.env.CODER_VERSION }),
    // The statements count the fields of some answers, as that Coder gave them.
    switches: { laterFields: false },
  });
  try {
    const child = spawn(process.execPath, ['--test', file], {
      stdio: 'inherit',
      env: { ...process.env, CODER_URL: coder.url },
    });
    const [code] = await once(child, 'exit');
    return code ?? 1;
  } finally {
    await coder.close();
  }
}

const file = resolve(process.env.CODER_CONFORMANCE_FILE || STANDARD_FILE);
if (existsSync(file)) {
  process.exitCode = await run(file);
} else {
  console.log(`Left out: there is no ${file}. Name another file of statements in CODER_CONFORMANCE_FILE.`);
}
