import { shorten } from '../../lib/shorten.ts';
import type { Said } from './said.ts';

/** Why a service refused, and what to do about it. */
export interface Refusal<Reason extends string> {
  reason: Reason;
  /** What is wrong, and what the service said. */
  message: string;
  /** For a person: with a command where one helps. */
  remedy: string;
  /** True when the same call may work later without a change by a person. */
  retryable: boolean;
}

/** One kind of refusal. A row applies when all of its signs do. */
export interface Row<Reason extends string, About> {
  status?: readonly (number | undefined)[];
  /** Found in one of the codes. */
  code?: RegExp;
  says?: RegExp;
  /** Where the call itself makes a difference. */
  if?(about: About, said: Said): boolean;
  reason: Reason;
  retryable?: boolean;
  /** What is wrong, as a sentence without its full stop. */
  meaning(about: About, said: Said): string;
  remedy(about: About, said: Said): string;
}

/** The refusal by the first row that applies. The last row of a table has no signs, so that one always does. */
export function explain<Reason extends string, About>(
  rows: readonly Row<Reason, About>[],
  service: string,
  said: Said,
  about: About,
): Refusal<Reason> {
  const row = rows.find(candidate => applies(candidate, said, about));
  if (!row) throw new Error(`No row explains what ${service} said.`);
  const { reason, retryable = false } = row;
  const message = `${row.meaning(about, said)}. ${service}: ${quote(said)}`;
  return { reason, message, remedy: row.remedy(about, said), retryable };
}

function applies<About>(
  { status, code, says, if: fits }: Row<string, About>,
  said: Said,
  about: About,
): boolean {
  return (
    (status === undefined || status.includes(said.status)) &&
    (code === undefined || said.codes.some(found => code.test(found))) &&
    (says === undefined || says.test(said.text)) &&
    (fits === undefined || fits(about, said))
  );
}

function quote({ status, codes, text }: Said): string {
  const answer = status ?? (text.startsWith('no answer') ? undefined : 'no answer');
  return [answer, codes.join(' '), shorten(text)].filter(Boolean).join(', ');
}

const GUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** The object id of the caller that a refusal names: the bridge's identity. */
export function callerIn({ text }: Said): string {
  const [, id] = new RegExp(`(?:object id '|\\boid=|\\bUser ")(${GUID})`, 'i').exec(text) ?? [];
  return id ?? PRINCIPAL;
}

/** A placeholder in commands, where the object id of the bridge's identity is unknown. */
export const PRINCIPAL = 'PRINCIPAL_ID';

/** An IPv4 or IPv6 address that a refusal names as the caller's. */
export function addressIn({ text }: Said): string | undefined {
  return /(?:client with IP|client address:?)\s*'?([0-9a-f.:]*[0-9a-f])/i.exec(text)?.[1];
}

/** How to get past network rules where no address can be let in. */
export const PRIVATE_ENDPOINT =
  'connect the app to it by a private endpoint (docs/deploy-on-azure.md, "Private networking")';
