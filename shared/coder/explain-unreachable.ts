import { HTTPError } from 'ky';
import { ZodError } from 'zod';
import type { ServiceError } from '../errors.ts';
import { type Verdict, wrong } from '../lib/check.ts';

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE = /CERT|UNABLE_TO_|SELF_SIGNED/;

/** Explains why the bridge did not reach Coder, from the client's error. */
export function explainReach(error: ServiceError, host: string): Verdict {
  const code = codeOf(error);
  const { message } = error;
  if (CERTIFICATE.test(code)) {
    const remedy = `Give ${host} a certificate of a public authority for that name. On your own machine, NODE_EXTRA_CA_CERTS can name a file with your authority; Flex Consumption cannot hold such a file.`;
    return wrong('coder-certificate', `${message} (${code})`, remedy);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const remedy = `Check CODER_URL. If ${host} is a name in a private zone, link that zone to the app's network.`;
    return wrong('coder-host-unknown', `${message} (${code})`, remedy);
  }
  if (isOfAnother(error) || isRedirect(error)) {
    const remedy =
      'Set CODER_URL to the address of Coder itself. If an Entra proxy is in front of it, set CODER_AUDIENCE.';
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
  const isAnswered = error.cause instanceof HTTPError || isOfAnother(error);
  if (!isAnswered || !(await isThere(signal).catch(() => false))) return undefined;
  const [found, wanted] = name === 'v2' ? ['Coder v2', 'Coder Classic'] : ['Coder Classic', 'Coder v2'];
  const remedy = `Set CODER_GENERATION to ${name}; or set CODER_URL to the address of a ${wanted}.`;
  return wrong(
    'coder-generation-wrong',
    `${host} is ${found}, and the bridge is set up for ${wanted}.`,
    remedy,
  );
}

/** Whether the answer does not fit Coder's API. */
function isOfAnother({ cause }: ServiceError): boolean {
  return cause instanceof ZodError;
}

/** Whether the answer is a redirect, such as to a sign-in page. */
function isRedirect({ cause }: ServiceError): boolean {
  return cause instanceof HTTPError && cause.response.status < 400;
}

/** The code of the first cause that has one. */
function codeOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return '';
}
