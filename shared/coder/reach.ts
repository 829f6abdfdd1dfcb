import { HTTPError } from 'ky';
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

/** The Coder that the bridge is not set up for. */
export interface OtherGeneration {
  /** As CODER_GENERATION calls it. */
  name: 'v2' | 'classic';
  /** Whether it answers at CODER_URL. @throws ServiceError */
  isThere(signal: AbortSignal): Promise<boolean>;
}

/** Says so when what answers is Coder of the other generation; undefined when it is not. */
export async function explainGeneration(
  error: ServiceError,
  { name, isThere }: OtherGeneration,
  host: string,
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const isAnswered = error.cause instanceof HTTPError || /what its API promises/.test(error.message);
  if (!isAnswered || !(await isThere(signal).catch(() => false))) return undefined;
  const [found, wanted] = name === 'v2' ? ['Coder v2', 'Coder Classic'] : ['Coder Classic', 'Coder v2'];
  const remedy = `Set CODER_GENERATION to ${name}; or set CODER_URL to the address of a ${wanted}.`;
  return wrong(
    'coder-generation-wrong',
    `${host} is ${found}, and the bridge is set up for ${wanted}.`,
    remedy,
  );
}

/** That of the first cause which has one. */
function codeOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return '';
}
