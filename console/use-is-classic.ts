import { useLoaded } from './use-loaded.ts';

/** Whether Coder is Coder Classic, which has no templates; undefined until the bridge has said so. */
export function useIsClassic(): boolean | undefined {
  const { data, error } = useLoaded<unknown>('templates');
  if (error?.problem?.reason === 'no-templates') return true;
  return data !== undefined || error !== undefined ? false : undefined;
}
