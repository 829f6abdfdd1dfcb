import { run } from './program.ts';

// The program behind `coder-acr-bridge` and `npm run bridge`.

// A reader such as `head` may have enough before the end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

await run(process.argv.slice(2));
