import type { Image } from './answers.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { colorOf, paint } from './output.ts';

/** What became of an image, for people. */
export function imageText({ registry, repository, tag, ...image }: Image): string {
  const { state, reason, message, meaning, remedy, pinnedReference, nextAttemptOn } = image;
  return [
    `${paint(colorOf(state), state)} ${registry}/${repository}:${tag}: ${reason}`,
    meaning,
    // Some messages say no more than what the reason means.
    !meaning?.startsWith(message.replace(/\.$/, '')) && message,
    remedy && paint('bold', remedy),
    nextAttemptOn && `The bridge tries again on ${nextAttemptOn}.`,
    pinnedReference,
  ]
    .filter(Boolean)
    .join('\n  ');
}

/** Whether the image is in Coder. */
export function exitCodeOf({ state }: Pick<Image, 'state'>): ExitCode {
  return state === 'imported' ? EXIT.well : EXIT.failed;
}
