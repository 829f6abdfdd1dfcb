import type { Image } from './answers.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { colorOf, paint } from './output.ts';
import { inOwnWords } from './own-words.ts';

/** What became of an image, for people. */
export function imageText({ registry, repository, tag, ...image }: Image): string {
  const { state, reason, message, meaning, remedy, pinnedReference, nextAttemptOn, coder } = image;
  return [
    `${paint(colorOf(state), state)} ${registry}/${repository}:${tag}: ${reason}`,
    meaning,
    // Some messages say no more than what the reason means.
    !meaning?.startsWith(message.replace(/\.$/, '')) && message,
    remedy && paint('bold', inOwnWords(remedy, templateOf(coder, reason))),
    nextAttemptOn && `The bridge tries again on ${nextAttemptOn}.`,
    pinnedReference,
  ]
    .filter(Boolean)
    .join('\n  ');
}

/** The template that the reason is about. */
function templateOf(coder: Image['coder'], reason: string) {
  return coder?.templates?.find(template => template.reason === reason);
}

/** Whether the image is in Coder. */
export function exitCodeOf({ state }: Pick<Image, 'state'>): ExitCode {
  return state === 'imported' ? EXIT.well : EXIT.failed;
}
