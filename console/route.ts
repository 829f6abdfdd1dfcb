import { useEffect, useState } from 'preact/hooks';

/** What the fragment of the address shows: `#/view/rest?query`. */
export interface Route {
  view: string;
  /** What comes after the view, decoded; may have slashes. */
  rest: string;
  query: URLSearchParams;
}

export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [view = '', ...rest] = path.split('/');
  return { view, rest: decode(rest.join('/')), query: new URLSearchParams(query) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function linkTo(view: string, rest = '', query: Record<string, string> = {}): string {
  const asked = new URLSearchParams(query).toString();
  const path = rest && `/${encodeURIComponent(rest).replaceAll('%2F', '/').replaceAll('%3A', ':')}`;
  return `#/${view}${path}${asked && `?${asked}`}`;
}

export function go(link: string): void {
  location.hash = link;
}

/** The present route, also after the next click. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return readRoute(hash);
}
