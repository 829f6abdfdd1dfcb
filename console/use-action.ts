import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api.ts';

/** Something that a button does. */
export interface Action<A extends unknown[]> {
  busy: boolean;
  /** What it said in the end, if it succeeded. */
  done: string | undefined;
  error: ApiError | undefined;
  run(...args: A): Promise<void>;
}

/** @param act gives the sentence that says what happened */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<string | undefined>): Action<A> {
  const [state, setState] = useState<{ busy: boolean; done?: string | undefined; error?: ApiError }>({
    busy: false,
  });
  const latest = useRef(act);
  latest.current = act;
  const here = useRef(true);
  useEffect(
    () => () => {
      here.current = false;
    },
    [],
  );

  const run = useCallback(async (...args: A) => {
    setState({ busy: true });
    try {
      const done = await latest.current(...args);
      if (here.current) setState({ busy: false, done });
    } catch (error) {
      const failed = error instanceof ApiError ? error : new ApiError(0, String(error));
      if (here.current) setState({ busy: false, error: failed });
    }
  }, []);
  return { busy: state.busy, done: state.done, error: state.error, run };
}
