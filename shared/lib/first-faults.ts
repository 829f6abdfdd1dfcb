import * as z from 'zod';
import { shorten } from './shorten.ts';

const MOST = 5;

/** What is wrong with data from outside, in one text: its first few faults, of which there may be thousands. */
export function firstFaults({ issues }: z.ZodError): string {
  const text = z.prettifyError({ issues: issues.slice(0, MOST) });
  const more = issues.length > MOST ? ` and ${issues.length - MOST} more` : '';
  return `${shorten(text)}${more}`;
}
