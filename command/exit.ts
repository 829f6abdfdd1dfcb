/** How the command ends. */
export const EXIT = {
  well: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  timeUp: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each exit code means, for the help and the docs. */
export const EXIT_MEANING: Record<ExitCode, string> = {
  0: 'it is well: the image is in Coder, nothing is wrong',
  1: 'it is not: an image is not in Coder, a check failed, the bridge refused; the output has the reason',
  2: 'the command is wrong: an unknown option, registry or image',
  3: 'the bridge does not answer, or does not accept the key',
  4: 'the time that `--timeout` gives is up, and the image is still pending or unknown to the bridge',
};

/** Ends the command with this message on standard error. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}
