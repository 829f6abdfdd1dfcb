import type { ComponentChildren } from 'preact';
import type { Loaded } from '../use-loaded.ts';
import { Failure } from './failure.tsx';
import { Time } from './time.tsx';

interface ShowProps<T> {
  of: Loaded<T>;
  /** What is loaded, for people who wait. */
  what: string;
  children(data: T): ComponentChildren;
}

/** What was loaded; or that it loads, or why it cannot be; or since when it is not new any more. */
export function Show<T>({ of: { data, error, since, reload }, what, children }: ShowProps<T>) {
  if (data === undefined) {
    if (!error) return <p class="quiet" role="status">{`Loading ${what} …`}</p>;
    return (
      <>
        <Failure error={error} what={`while loading ${what}`} />
        <button type="button" onClick={reload}>
          Try again
        </button>
      </>
    );
  }
  return (
    <>
      {error && (
        <div class="note wait" role="status">
          This was loaded <Time of={since?.toISOString()} /> and may be old: {error.message}{' '}
          <button type="button" class="small" onClick={reload}>
            Try again
          </button>
        </div>
      )}
      {children(data)}
    </>
  );
}
