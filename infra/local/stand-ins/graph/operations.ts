import * as z from 'zod';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import type { Application, ClientSecret, GraphBehaviour } from './applications.ts';
import { badRequest, lifetimeTooLong, tooManyPasswords } from './errors.ts';

export interface ApplicationCall {
  request: StandInRequest;
  application: Application;
  behaviour: Readonly<GraphBehaviour>;
  now: Date;
}

/** One operation on an application. */
export interface ApplicationOperation {
  method: string;
  /** What follows the application in the path. */
  suffix: string;
  handle(call: ApplicationCall): StandInResponse;
}

/** https://learn.microsoft.com/graph/api/resources/application */
export const operations: ApplicationOperation[] = [
  { method: 'GET', suffix: '', handle: getApplication },
  { method: 'POST', suffix: '/addPassword', handle: addPassword },
  { method: 'POST', suffix: '/removePassword', handle: removePassword },
];

const time = z.iso.datetime({ offset: true }).transform(text => new Date(text));
const AddPassword = z.object({
  passwordCredential: z
    .object({
      displayName: z.string().nullish(),
      startDateTime: time.optional(),
      endDateTime: time.optional(),
    })
    .default({}),
});
const RemovePassword = z.object({ keyId: z.uuid() });

/** Of applications that personal accounts may use; others take hundreds. */
const MOST_WITH_PERSONAL_ACCOUNTS = 2;

function getApplication({ request: { url }, application }: ApplicationCall): StandInResponse {
  const { objectId, appId, displayName, signInAudience = 'AzureADMyOrg' } = application.registration;
  const whole = {
    ...{ id: objectId, appId, displayName, signInAudience },
    passwordCredentials: application.secrets().map(secret => describe(secret)),
  };
  const selected = url.searchParams.get('$select')?.split(',');
  const entries = Object.entries(whole).filter(([name]) => !selected || selected.includes(name));
  const context = `${url.origin}/v1.0/$metadata#applications/$entity`;
  return { status: 200, body: { '@odata.context': context, ...Object.fromEntries(entries) } };
}

function addPassword({ request, application, behaviour, now }: ApplicationCall): StandInResponse {
  const parsed = parse(AddPassword, request.body);
  if (!parsed) return badRequest('Unable to read JSON request payload.');
  const { displayName, startDateTime: start, endDateTime: end } = parsed.passwordCredential;
  if (end && end <= (start ?? now)) return badRequest('The end date of the credential is invalid.');
  const personal = application.registration.signInAudience === 'AzureADandPersonalMicrosoftAccount';
  if (personal && application.secrets().length >= MOST_WITH_PERSONAL_ACCOUNTS) {
    return tooManyPasswords(MOST_WITH_PERSONAL_ACCOUNTS);
  }
  const secret = application.add({ displayName, start, end });
  if (lifetimeMs(secret) > (behaviour.longestLifetimeMs ?? Number.POSITIVE_INFINITY)) {
    application.remove(secret.keyId);
    return lifetimeTooLong();
  }
  const context = `${request.url.origin}/v1.0/$metadata#microsoft.graph.passwordCredential`;
  return { status: 200, body: { '@odata.context': context, ...describe(secret, secret.secretText) } };
}

function removePassword({ request, application }: ApplicationCall): StandInResponse {
  const parsed = parse(RemovePassword, request.body);
  if (!parsed) return badRequest('Unable to read JSON request payload.');
  return application.remove(parsed.keyId)
    ? { status: 204 }
    : badRequest('No password credential found with keyId.');
}

/** @param secretText only in the answer to addPassword; Graph never shows it again */
function describe({ keyId, displayName, start, end, secretText: text }: ClientSecret, secretText?: string) {
  return {
    ...{ customKeyIdentifier: null, displayName, keyId, hint: text.slice(0, 3) },
    ...{ startDateTime: start.toISOString(), endDateTime: end.toISOString() },
    secretText: secretText ?? null,
  };
}

function lifetimeMs({ start, end }: ClientSecret): number {
  return end.getTime() - start.getTime();
}

function parse<T>(schema: z.ZodType<T>, body: Buffer): T | undefined {
  try {
    return schema.safeParse(JSON.parse(body.toString())).data;
  } catch {
    return undefined;
  }
}
