import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, call } from './api.ts';

/** What a call answered, kept while later calls fail. */
export interface Loaded<T> {
  data: T | undefined;
  etag: string | undefined;
  /** Of the last call, if it failed. */
  error: ApiError | undefined;
  /** When `data` came. */
  since: Date | undefined;
  reload(): void;
}

interface State<T> {
  path: string | undefined;
  data?: T;
  etag?: string | undefined;
  error?: ApiError;
  since?: Date;
}

/**
 * Loads a path of the API, and again every so often while the tab is visible.
 * @param path undefined loads nothing
 * @param everyMs how long after an answer it is loaded again; absent: never
 */
export function useLoaded<T>(path: string | undefined, everyMs?: number): Loaded<T> {
  const [state, setState] = useState<State<T>>({ path });
  const [turn, setTurn] = useState(0);
  const every = useRef(everyMs);
  every.current = everyMs;

  useEffect(() => {
    if (path === undefined) return;
    const leave = new AbortController();
    let timer: number | undefined;
    const load = async () => {
      try {
        const { data, etag } = await call<T>('GET', path, undefined, {}, leave.signal);
        setState({ path, data, etag, since: new Date() });
      } catch (error) {
        if (leave.signal.aborted) return;
        const failed = error instanceof ApiError ? error : new ApiError(0, String(error));
        setState(before => ({ ...(before.path === path ? before : { path }), error: failed }));
      }
      if (every.current !== undefined) timer = window.setTimeout(again, every.current);
    };
    const again = () => {
      if (document.hidden) document.addEventListener('visibilitychange', again, { once: true });
      else void load();
    };
    void load();
    return () => {
      leave.abort();
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', again);
    };
  }, [path, turn]);

  const reload = useCallback(() => setTurn(count => count + 1), []);
  const { data, etag, error, since } = state.path === path ? state : ({} as State<T>);
  return { data, etag, error, since, reload };
}
