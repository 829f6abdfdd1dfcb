import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Answer, ApiError, call, pages } from './api.ts';

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

type Load<T> = (
  path: string,
  signal: AbortSignal,
) => Promise<Pick<Answer<T>, 'data'> & { etag?: string | undefined }>;

const loadOne = <T>(path: string, signal: AbortSignal) => call<T>('GET', path, undefined, {}, signal);

/** Every page of a list. */
export async function loadAll<T>(path: string, signal: AbortSignal): Promise<{ data: T[] }> {
  const data: T[] = [];
  for await (const page of pages<T>(path, 1_000, signal)) data.push(...page);
  return { data };
}

/**
 * Loads a path of the API, and again every so often while the tab is visible.
 * @param path undefined loads nothing
 * @param everyMs how long after an answer it is loaded again; absent: never
 * @param load must stay the same
 */
export function useLoaded<T>(path: string | undefined, everyMs?: number, load: Load<T> = loadOne): Loaded<T> {
  const [state, setState] = useState<State<T>>({ path });
  const [turn, setTurn] = useState(0);
  const every = useRef(everyMs);
  every.current = everyMs;

  useEffect(() => {
    if (path === undefined) return;
    const leave = new AbortController();
    let timer: number | undefined;
    const loadNow = async () => {
      try {
        const { data, etag } = await load(path, leave.signal);
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
      else void loadNow();
    };
    void loadNow();
    return () => {
      leave.abort();
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', again);
    };
  }, [path, turn, load]);

  const reload = useCallback(() => setTurn(count => count + 1), []);
  const { data, etag, error, since } = state.path === path ? state : ({} as State<T>);
  return { data, etag, error, since, reload };
}
