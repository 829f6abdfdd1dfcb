import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, pages } from './api.ts';

/** A list of which the next page is read when it is asked for. */
export interface Pages<T> {
  items: T[];
  /** True once the last page is read. */
  isWhole: boolean;
  error: ApiError | undefined;
  /** Asks for more than there is now. */
  more(): void;
}

const everything = () => true;

/**
 * @param path of a list; undefined reads nothing
 * @param limit items per page
 * @param isWanted what of a page is kept; must not change while the path stays
 */
export function usePages<T>(
  path: string,
  limit: number,
  isWanted: (item: T) => boolean = everything,
): Pages<T> {
  const [state, setState] = useState<{ items: T[]; isWhole: boolean; error?: ApiError }>({
    items: [],
    isWhole: false,
  });
  const wanted = useRef(0);
  const wake = useRef(() => {});
  const test = useRef(isWanted);
  test.current = isWanted;

  useEffect(() => {
    const leave = new AbortController();
    wanted.current = limit / 2;
    setState({ items: [], isWhole: false });
    const read = async () => {
      const items: T[] = [];
      for await (const page of pages<T>(path, limit, leave.signal)) {
        items.push(...page.filter(test.current));
        setState({ items: [...items], isWhole: false });
        if (items.length >= wanted.current) {
          await new Promise<void>(resolve => {
            wake.current = resolve;
          });
        }
        if (leave.signal.aborted) return;
      }
      setState({ items, isWhole: true });
    };
    read().catch((error: unknown) => {
      if (leave.signal.aborted) return;
      const failed = error instanceof ApiError ? error : new ApiError(0, String(error));
      setState(before => ({ ...before, error: failed }));
    });
    return () => {
      leave.abort();
      wake.current();
    };
  }, [path, limit]);

  const more = () => {
    wanted.current = state.items.length + limit / 2;
    wake.current();
  };
  return { items: state.items, isWhole: state.isWhole, error: state.error, more };
}
