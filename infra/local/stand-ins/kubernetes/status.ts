import type { StandInResponse } from '../../stand-in-messages.ts';

const REASONS: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
};

/** A refusal as an API server gives it: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export function refuse(code: keyof typeof REASONS, message: string): StandInResponse {
  return {
    status: code,
    body: {
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
      ...{ message, reason: REASONS[code], code },
    },
  };
}
