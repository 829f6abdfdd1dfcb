import type { Secrets } from './secrets.ts';
import type { StandInRequest, StandInResponse } from './stand-in-messages.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
const dockerConfig = (auth: string) => JSON.stringify({ auths: { 'contoso.azurecr.io': { auth } } });
const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&#34;' };

/** The forms in which services quote what they were sent. */
export const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': secret => secret,
  'in base64': base64,
  'in base64 for URLs': secret => Buffer.from(secret).toString('base64url'),
  'as Basic authentication': secret => base64(`coder-pull:${secret}`),
  'as Basic authentication, in a URL': secret => encodeURIComponent(base64(`coder-pull:${secret}`)),
  'as a Kubernetes secret': secret => base64(dockerConfig(base64(`coder-pull:${secret}`))),
  'in a URL': encodeURIComponent,
  'in a form': secret => new URLSearchParams({ secret }).toString().slice('secret='.length),
  'in a URL with small letters': secret =>
    encodeURIComponent(secret).replace(/%../g, code => code.toLowerCase()),
  'in a URL of a URL': secret => encodeURIComponent(encodeURIComponent(secret)),
  'in JSON': inJson,
  'in JSON in JSON': secret => inJson(inJson(secret)),
  'in JSON as .NET writes it': secret =>
    secret.replace(/[^\w ]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`),
  'in HTML': secret => secret.replace(/[&<"]/g, char => HTML[char] as string),
};

/** Every secret that the stand-ins issued and the request carries, the shortest first: messages are cut. */
function secretsIn({ url, headers, body }: StandInRequest, secrets: Secrets): string[] {
  const basic = /^Basic (.*)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  const texts = [
    ...[decodeURIComponent(url.href), ...Object.values(headers), Buffer.from(basic, 'base64').toString()],
    ...[body.toString(), ...new URLSearchParams(body.toString()).values()],
  ].join('\n');
  return secrets
    .all()
    .filter(secret => secret.length >= 8 && texts.includes(secret))
    .sort((a, b) => a.length - b.length);
}

/**
 * A refusal that quotes every secret that was sent, in each place in which one of the services has its message.
 * @param form a name of FORMS
 */
export function quoteAll(
  request: StandInRequest,
  secrets: Secrets,
  form: string,
): Pick<StandInResponse, 'reason' | 'headers' | 'body'> {
  const inForm = FORMS[form] as (secret: string) => string;
  const text = `refused: ${secretsIn(request, secrets).map(inForm).join(', ')} (${request.method})`;
  const inHost = secretsIn(request, secrets).map(encodeURIComponent)[0] ?? 'nothing';
  return {
    reason: text.slice(0, 4_000),
    headers: { location: `https://coder:${inHost}@127.0.0.1:1/login?said=${encodeURIComponent(text)}` },
    body: {
      error: { code: 'Quoted', msg: text, message: text },
      errors: [{ code: 'QUOTED', message: text, detail: text }],
      ...{ message: text, detail: text, error_description: text },
      'odata.error': { code: 'Quoted', message: { lang: 'en-US', value: text } },
    },
  };
}
