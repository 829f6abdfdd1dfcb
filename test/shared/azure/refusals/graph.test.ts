import { expect, test } from 'vitest';
import { explainGraph } from '../../../../shared/azure/refusals/graph.ts';
import { expectRefusal, type Row, said } from './rows.ts';

const call = { appId: '11111111-2222-3333-4444-555555555555', url: 'https://graph.microsoft.com' };
const graph = (code: string, message: string) => ({ error: { code, message, innerError: { date: 'x' } } });

test.each<Row>([
  [
    'a policy about lifetimes, as in azure-cli#28522',
    400,
    graph(
      'CredentialInvalidLifetimeAsPerAppPolicy',
      "Credential lifetime exceeds the max value allowed as per assigned policy '538f1913-366a-440a-95a0-e195cb55b282'.",
    ),
    'disallowed-by-policy',
    /three times rotateEveryHours.*538f1913/,
    /smaller credential\.rotateEveryHours.*az rest --method get --url https:\/\/graph\.microsoft\.com\/v1\.0\/policies/,
  ],
  [
    'a policy against client secrets',
    400,
    graph(
      'CredentialTypeNotAllowedAsPerAppPolicy',
      "Credential type not allowed as per assigned policy 'x'.",
    ),
    'disallowed-by-policy',
    /not allowed as per assigned policy/,
    /credential\.kind, such as token/,
  ],
  [
    'as many secrets as it takes, as in azure-cli#12946',
    400,
    graph('TooManyAppPasswords', 'You can only add a maximum of 2 passwords.'),
    'azure-refused',
    /maximum of 2/,
    /az ad app credential delete --id 11111111/,
  ],
  [
    'another owner',
    403,
    graph('Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'),
    'azure-refused',
    /must own the app registration 11111111.*Insufficient privileges/,
    /az ad app owner add --id 11111111/,
  ],
  [
    'no such app',
    404,
    graph('Request_ResourceNotFound', "Resource 'x' does not exist."),
    'azure-refused',
    /no app registration 11111111/,
    /az ad app show --id 11111111/,
  ],
  [
    'a token that it does not take',
    401,
    graph('InvalidAuthenticationToken', 'Access token validation failure. Invalid audience.'),
    'azure-refused',
    /Invalid audience/,
    /GRAPH_AUDIENCE/,
  ],
  [
    'a fault of its own',
    503,
    graph('serviceNotAvailable', 'later'),
    'graph-unavailable',
    /later/,
    /GRAPH_URL/,
    'passes',
  ],
])('%s', (...row) => {
  expectRefusal(explainGraph(said(row[1], row[2]), call), row);
});

test('a message keeps what a service said, up to a bound', () => {
  const { message } = explainGraph(said(500, 'x'.repeat(10_000)), { appId: 'a', url: 'https://g' });

  expect(message.length).toBeLessThan(700);
  expect(message).toMatch(/x{499}…$/);
});
