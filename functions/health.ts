import * as z from 'zod';
import { httpFunction } from '../shared/api/http-function.ts';

httpFunction('health', {
  method: 'GET',
  route: 'health',
  summary: 'Checks that the app answers',
  standalone: true,
  answers: {
    200: {
      description: 'It answers.',
      body: z.object({ status: z.literal('ok') }),
      example: { status: 'ok' },
    },
  },
  answer: async () => ({ status: 200, jsonBody: { status: 'ok' } }),
});
