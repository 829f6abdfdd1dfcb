import { HTTPError } from 'ky';
import * as z from 'zod';
import { describe, statusOf } from '../../errors.ts';

/** What a service answered in place of what it was asked for. */
export interface Said {
  /** undefined when no answer came. */
  status: number | undefined;
  /** The codes in the body, the outer ones first. */
  codes: readonly string[];
  /** Its words, whole and on one line; those of the client when no answer came. */
  text: string;
}

/** Code and message of an error in the formats of Azure's services; both are optional on the wire. */
const Fault = z.object({
  code: z.string().nullish(),
  message: z.string().nullish(),
  // Key Vault and Graph spell it in different ways.
  innererror: z.object({ code: z.string().nullish() }).nullish(),
  innerError: z.object({ code: z.string().nullish() }).nullish(),
});

const Body = z.union([
  /** Kubernetes: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
  z
    .object({ kind: z.literal('Status'), reason: z.string().nullish(), message: z.string().nullish() })
    .transform(({ reason: code, message }): z.infer<typeof Fault>[] => [{ code, message }]),
  /** Azure Resource Manager, Graph and Key Vault. */
  z.object({ error: Fault }).transform(({ error }) => [error]),
  /** Registries: the OCI distribution specification. */
  z.object({ errors: z.array(Fault).min(1) }).transform(({ errors }) => errors),
  /** Entra: RFC 6749, section 5.2. */
  z
    .object({ error: z.string(), error_description: z.string() })
    .transform(({ error, error_description: message }): z.infer<typeof Fault>[] => [
      { code: error, message },
    ]),
]);

/** Reads the body of an error, in any of these formats. Of one in no known format the whole text is kept. */
export function readSaid(status: number | undefined, body: string): Said {
  const faults = faultsIn(body);
  const codes = faults.flatMap(({ code, innererror, innerError }) => [
    code,
    innererror?.code,
    innerError?.code,
  ]);
  const words = faults.map(({ message }) => message).filter(Boolean);
  const text = words.length > 0 ? words.join('; ') : body.replace(/<[^>]*>/g, ' ');
  return {
    status,
    codes: codes.filter((code): code is string => typeof code === 'string' && code !== String(status)),
    text: text.replace(/\s+/g, ' ').trim(),
  };
}

function faultsIn(body: string): z.infer<typeof Fault>[] {
  try {
    const parsed = Body.safeParse(JSON.parse(body));
    if (parsed.success) return parsed.data;
  } catch {
    // Blob Storage answers in XML, proxies in HTML.
  }
  const [, code] = /<Code>([^<]*)<\/Code>/.exec(body) ?? [];
  const [, message] = /<Message>([^<]*)<\/Message>/.exec(body) ?? [];
  return code === undefined ? [] : [{ code, message }];
}

/** Where the SDKs' errors keep what the service answered. */
interface Answered {
  code?: unknown;
  /** The parsed body, in the errors of Key Vault's client. */
  details?: unknown;
  response?: { bodyAsText?: string | null };
}

/** Reads the error of an Azure SDK client. */
export function saidBy(error: unknown): Said {
  const status = statusOf(error);
  const { code, details, response } = (error ?? {}) as Answered;
  const codes = typeof code === 'string' ? [code] : [];
  if (status === undefined) return { status, codes, text: describe(error) };
  // The client for registries puts the body into the message; the one for Resource Manager keeps code and message alone.
  const message = error instanceof Error ? error.message : '';
  const bodies = [response?.bodyAsText ?? '', JSON.stringify(details ?? ''), message];
  const said = bodies.map(body => readSaid(status, body)).find(found => found.codes.length > 0);
  return said ?? { ...readSaid(status, response?.bodyAsText || message), codes };
}

/** Reads the error of a request of our own. */
export async function saidByResponse(error: unknown): Promise<Said> {
  if (!(error instanceof HTTPError)) return { status: undefined, codes: [], text: describe(error) };
  const { response } = error;
  const body = response.bodyUsed ? '' : await response.text().catch(() => '');
  return readSaid(response.status, body);
}
