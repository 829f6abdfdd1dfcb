import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { Image, Registry } from '../answers.ts';
import { type Bridge, parseAnswer, refusal } from '../bridge.ts';
import { CommandError, EXIT, type ExitCode } from '../exit.ts';
import { imagePath, parseImage } from '../image-argument.ts';
import { exitCodeOf, imageText } from '../image-text.ts';
import { print } from '../output.ts';
import { createProgress, type Progress } from '../progress.ts';
import { registryPath } from '../registry-path.ts';
import { type CommonOptions, runs, wholeNumber } from '../verb.ts';

interface Options extends CommonOptions {
  digest?: string;
  timeout: number;
}

/** How long one call waits: short, so that people see what goes on. */
const LONGEST_CALL_S = 10;
const SHORTEST_CALL_MS = 1_000;
const PAUSE_MS = 5_000;

export function addWait(program: Command): void {
  const verb = program
    .command('wait')
    .description('wait until an image that was pushed is in Coder, and fail with the reason if it is not')
    .argument('<registry>', 'name of the registry at the bridge')
    .argument('<image>', 'repository:tag')
    .option('--digest <digest>', 'digest that was pushed: an earlier one under the tag does not count')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 1_800);
  runs(verb, waitForImage);
}

/** Waits for one image, and prints what became of it. */
async function waitForImage(
  bridge: Bridge,
  { json, digest, timeout }: Options,
  registry: string,
  text: string,
): Promise<ExitCode> {
  const { lastEventOn, loginServer } = (await readRegistry(bridge, registry)) ?? {};
  const reference = parseImage(text, loginServer);
  const path = imagePath(registry, reference);
  const name = `${registry}/${reference.repository}:${reference.tag}`;
  const progress = createProgress(process.stderr);
  const until = Date.now() + timeout * 1_000;
  const seen = await lookUntil({ bridge, path, digest, until, progress }).finally(progress.end);
  if (!seen) {
    const heard = lastEventOn ? ` The last event of ${registry} was about a push on ${lastEventOn}.` : '';
    const message = `The bridge does not know ${name} after ${timeout} s.${heard}`;
    const remedy = `Ask what it would do, and whether events arrive: explain ${registry} ${reference.repository}:${reference.tag}, doctor ${registry}`;
    throw new CommandError(EXIT.timeUp, `${message}\n${remedy}`);
  }
  if (json || isAbout(seen, digest)) print(json, seen, () => imageText(seen));
  if (isSettled(seen, digest)) return exitCodeOf(seen);
  const isWhat = isAbout(seen, digest) ? 'not settled' : whatItIsAbout(seen, digest);
  console.error(`${name} is ${isWhat} after ${timeout} s.`);
  return EXIT.timeUp;
}

/**
 * The registry, if the key lets it be read: that of the function `images-get` does not.
 * @throws CommandError when there is no such registry, or the bridge does not answer
 */
async function readRegistry(bridge: Bridge, registry: string): Promise<Registry | undefined> {
  const answer = await bridge.call({ path: registryPath(registry) });
  if (answer.status === 401 || answer.status === 403) return undefined;
  if (answer.status >= 400) throw refusal(answer);
  return parseAnswer(Registry, answer);
}

interface Look {
  bridge: Bridge;
  path: string;
  digest: string | undefined;
  /** In ms since 1970. */
  until: number;
  progress: Progress;
}

/** The record when it is settled or the time is up; undefined when the bridge does not know the image. */
async function lookUntil({ bridge, path, digest, until, progress }: Look): Promise<Image | undefined> {
  let seen: Image | undefined;
  for (;;) {
    const askedAt = Date.now();
    const leftS = Math.max(0, Math.ceil((until - Date.now()) / 1_000));
    const waitSeconds = String(Math.min(leftS, LONGEST_CALL_S));
    const answer = await bridge.call({ path, query: { waitSeconds, digest } }).catch(toOutage);
    if (answer instanceof Error) progress.show(answer.message);
    else if (answer.status === 404) progress.show('The bridge does not know it yet.');
    else if (answer.status < 400) {
      seen = parseAnswer(Image, answer);
      if (isSettled(seen, digest)) return seen;
      const { state, reason, message } = seen;
      const goesOn = isAbout(seen, digest) ? `${state}: ${reason}: ${message}` : whatItIsAbout(seen, digest);
      progress.show(goesOn);
    } else if (answer.status < 500) throw refusal(answer);
    else progress.show(refusal(answer).message);
    if (Date.now() >= until) return seen;
    // What did not wait itself, such as an outage, is asked again later.
    if (Date.now() - askedAt < SHORTEST_CALL_MS)
      await delay(Math.min(PAUSE_MS, Math.max(0, until - Date.now())));
  }
}

/** An outage in the middle does not end the wait: the bridge may be restarted meanwhile. */
function toOutage(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  throw error;
}

function isSettled(image: Image, wanted: string | undefined): boolean {
  return image.state !== 'pending' && isAbout(image, wanted);
}

function isAbout({ digest }: Image, wanted: string | undefined): boolean {
  return wanted === undefined || digest === wanted;
}

function whatItIsAbout({ digest = 'no digest' }: Image, wanted: string | undefined): string {
  return `still about ${digest}, not about ${wanted}, the one asked for,`;
}
