import type { StandInResponse } from '../../stand-in-messages.ts';

/** An error in the format of the OCI distribution specification, which ACR uses on all its data-plane paths. */
export function ociError(
  status: number,
  code: string,
  message: string,
  detail?: unknown,
  headers: Record<string, string> = {},
): StandInResponse {
  return {
    status,
    headers,
    body: { errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] },
  };
}

/** @param detail what the caller lacked, as ACR reports it: `[{ Type, Name, Action }]` */
export function unauthorized(headers: Record<string, string> = {}, detail?: unknown): StandInResponse {
  return ociError(
    401,
    'UNAUTHORIZED',
    'authentication required, visit https://aka.ms/acr/authorization for more information.',
    detail,
    headers,
  );
}

export function nameUnknown(repository: string): StandInResponse {
  return ociError(404, 'NAME_UNKNOWN', 'repository name not known to registry', { name: repository });
}

/** @param reference tag or digest */
export function manifestUnknown(reference: string): StandInResponse {
  const byDigest = reference.includes(':');
  return ociError(
    404,
    'MANIFEST_UNKNOWN',
    byDigest ? `manifest ${reference} is not found` : `manifest tagged by "${reference}" is not found`,
    byDigest ? { Revision: reference } : { Tag: reference },
  );
}

/** What ACR answers where a lock, or quarantine, forbids it. */
export function disallowed(): StandInResponse {
  return ociError(
    405,
    'REGISTRY_DISALLOWED_OPERATION',
    'The operation is disallowed on this registry, repository or image. View troubleshooting steps at https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation',
    {},
  );
}

/** What ACR answers where its network rules forbid it. */
export function networkDenied(): StandInResponse {
  const message =
    "client with IP '127.0.0.1' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.";
  return ociError(403, 'DENIED', message);
}
