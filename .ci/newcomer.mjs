// Does in a fresh clone, the working directory, what the README tells a newcomer to do: `npm ci`, `npm start`, and
// Ctrl-C in the end. It fails when the sample image does not arrive in its template, or when anything runs on afterwards.

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

const READY_WITHIN_S = 60;
const ENDED_WITHIN_S = 15;

console.log(`Node ${process.version}`);
if (spawnSync('npm', ['ci'], { stdio: 'inherit' }).status !== 0) throw new Error('npm ci failed');

// Detached, it leads a session: Ctrl-C can be sent to all of it, and what it leaves behind can be found.
const program = spawn('npm', ['start'], {
  detached: true,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, FUNCTIONS_PORT: '0', REGISTRY_PORT: '0', CODER_PORT: '0' },
});
let ready;
createInterface(program.stdout).on('line', line => {
  if (line.startsWith('READY ')) ready = JSON.parse(line.slice('READY '.length));
  else console.log(line);
});

try {
  await until('npm start is not ready', READY_WITHIN_S, () => {
    if (program.exitCode !== null) throw new Error(`npm start ended with ${program.exitCode}`);
    return ready !== undefined;
  });
  await checkSampleImage(ready);
  process.kill(-program.pid, 'SIGINT');
  await until('Ctrl-C does not end everything', ENDED_WITHIN_S, () => running(program.pid).length === 0);
  console.log('The template names the sample image, and Ctrl-C ended everything.');
} finally {
  const left = running(program.pid);
  for (const pid of left) {
    console.error(`Still running: ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`);
  }
  if (left.length > 0) process.kill(-program.pid, 'SIGKILL');
}

async function checkSampleImage({
  functions,
  functionKey,
  registryName,
  coder,
  coderToken,
  template,
  caFile,
}) {
  const path = `api/images/${registryName}/samples/workspace:v1`;
  const record = await read(`${functions}/${path}`, { headers: { 'x-functions-key': functionKey } });
  if (record.state !== 'imported') throw new Error(`The bridge says: ${JSON.stringify(record)}`);

  const access = { headers: { 'coder-session-token': coderToken }, ca: readFileSync(caFile) };
  const { active_version_id: active } = await read(`${coder}/api/v2/templates/${template.id}`, access);
  const variables = await read(`${coder}/api/v2/templateversions/${active}/variables`, access);
  if (!variables.find(({ name }) => name === 'image')?.value.endsWith(`@${record.digest}`)) {
    throw new Error(`Coder has: ${JSON.stringify(variables)}`);
  }
}

/** The JSON behind a URL. */
async function read(url, options) {
  const { get } = url.startsWith('https:') ? https : http;
  const response = await new Promise((resolve, reject) => get(url, options, resolve).on('error', reject));
  return json(response);
}

/** The processes of the session that the process leads or led, zombies left out. */
function running(leader) {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      const [state, , , session] = statOf(pid);
      return session === String(leader) && state !== 'Z';
    });
}

/** State, parent, group, session and so on: see proc(5). Nothing when the process has just ended. */
function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  } catch {
    return [];
  }
}

async function until(complaint, seconds, condition) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await delay(100)) {
    if (condition()) return;
  }
  throw new Error(`${complaint} within ${seconds} s`);
}
