import * as z from 'zod';
import { httpFunction } from '../shared/api/http-function.ts';
import { INFO } from '../shared/api/openapi/info.ts';

httpFunction('health', {
  method: 'GET',
  route: 'health',
  summary: 'Checks that the app answers, and says its version',
  standalone: true,
  answers: {
    200: {
      description: 'It answers.',
      body: z.object({ status: z.literal('ok'), version: z.string().describe('Of the bridge.') }),
      example: { status: 'ok', version: INFO.version },
    },
  },
  answer: async () => ({ status: 200, jsonBody: { status: 'ok', version: INFO.version } }),
});
