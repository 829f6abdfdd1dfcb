/** What calls are grouped by: the first part of their path, or else `app`. */
export const TAGS: Record<string, string> = {
  registries: 'Registries, and how they compare with Coder',
  images: 'What became of each tag',
  app: 'The app itself',
};

export function tagOf(route: string): string {
  const [first = ''] = route.split('/');
  return first in TAGS ? first : 'app';
}
