/** Groups of calls, by the first part of their path; `app` for the others. */
export const TAGS: Record<string, string> = {
  registries: 'Registries and their reconciliation',
  images: 'Image records, and imports by hand',
  app: 'The app itself',
};

export function tagOf(route: string): string {
  const [first = ''] = route.split('/');
  return first in TAGS ? first : 'app';
}
