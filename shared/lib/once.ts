/** Runs `ask` at the first call only; every later call gets the same answer, or the same failure. */
export function once<A extends unknown[], T>(ask: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
  let asked: Promise<T> | undefined;
  return (...args) => {
    asked ??= ask(...args);
    return asked;
  };
}
