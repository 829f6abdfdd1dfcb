export type Light = 'good' | 'wait' | 'bad' | 'none';

/** The light of each state of an image record. */
export const LIGHT_OF: Readonly<Record<string, Light>> = {
  imported: 'good',
  pending: 'wait',
  failed: 'bad',
  skipped: 'none',
  removed: 'none',
};

/** A light with its word. Colour and shape differ, and the word says it again. */
export function State({ light, children }: { light: Light; children: string }) {
  return (
    <span class={`state ${light}`}>
      <i aria-hidden="true" />
      {children}
    </span>
  );
}
