import * as z from 'zod';
import { HTTP_FUNCTIONS, httpFunction } from '../shared/api/http-function.ts';
import { openApiOf } from '../shared/api/openapi/document.ts';
import { INFO } from '../shared/api/openapi/info.ts';

httpFunction('openapi-get', {
  method: 'GET',
  route: 'openapi.json',
  role: 'Registries.Read',
  summary: 'Describes the API to programs',
  standalone: true,
  answers: {
    200: {
      description: 'An OpenAPI document.',
      body: z.looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.looseObject({}) }),
      example: { openapi: '3.1.0', info: { title: INFO.title, version: INFO.version }, paths: {} },
    },
  },
  answer: async () => ({ status: 200, jsonBody: openApiOf(HTTP_FUNCTIONS) }),
});
