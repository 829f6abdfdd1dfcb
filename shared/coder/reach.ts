import type { ServiceError } from '../errors.ts';
import { type Verdict, wrong } from '../lib/check.ts';

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE = /CERT|UNABLE_TO_|SELF_SIGNED/;

/** Why Coder was not reached, from what the client met on the way. */
export function explainReach(error: ServiceError, host: string): Verdict {
  const code = codeOf(error);
  const { message } = error;
  if (CERTIFICATE.test(code)) {
    const remedy = `Give ${host} a certificate of a public authority for that name. On a machine of your own NODE_EXTRA_CA_CERTS can name a file with your authority; Flex Consumption has no place for one.`;
    return wrong('coder-certificate', `${message} (${code})`, remedy);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const remedy = `Check CODER_URL. Where ${host} is a name of a private zone, link that zone to the app's network.`;
    return wrong('coder-host-unknown', `${message} (${code})`, remedy);
  }
  if (/redirect|what its API promises/.test(message)) {
    const remedy =
      'Set CODER_URL to the address at which Coder itself answers. Where an Entra proxy stands before it, set CODER_AUDIENCE.';
    return wrong('coder-not-there', message, remedy);
  }
  const remedy = `Check that Coder is up, and that the app's network reaches ${host}.`;
  return wrong('coder-unavailable', message, remedy);
}

/** That of the first cause which has one. */
function codeOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return '';
}
