/** What goes on, for the person who waits; on standard error, so that it is never part of the result. */
export interface Progress {
  /** Shows the line in place of the last one; where there is no terminal, only when it differs. */
  show(text: string): void;
  /** Removes the line from a terminal. */
  end(): void;
}

export function createProgress(stream: NodeJS.WriteStream): Progress {
  const CLEAR = '\r\u001B[2K';
  let last = '';
  return {
    show(text) {
      if (text === last) return;
      last = text;
      stream.write(stream.isTTY ? `${CLEAR}${text.slice(0, stream.columns - 1)}` : `${text}\n`);
    },
    end() {
      if (stream.isTTY && last) stream.write(CLEAR);
      last = '';
    },
  };
}
