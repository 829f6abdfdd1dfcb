import { FORMS } from '../../infra/local/quotes.ts';

/** Shorter secrets, such as the ids of stand-ins, are words too. */
const SHORTEST = 8;
/** This much of a secret that was cut off counts as shown. */
const CUT = 16;

/** The secrets that a text shows: in which form, and what is around each. */
export function shownIn(text: string, secrets: readonly string[]): { form: string; around: string }[] {
  return secrets
    .filter(secret => secret.length >= SHORTEST)
    .flatMap(secret =>
      Object.entries({ ...FORMS, 'cut off': partOf }).flatMap(([form, inForm]) => {
        const at = text.indexOf(inForm(secret));
        return at < 0 ? [] : [{ form, around: text.slice(Math.max(0, at - 200), at + 60) }];
      }),
    );
}

/** All tokens begin alike, so their claims tell them apart. */
function partOf(secret: string): string {
  const [, claims] = secret.startsWith('eyJ') ? secret.split('.') : [];
  return (claims ?? secret).slice(0, CUT);
}
