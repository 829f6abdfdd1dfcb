import { test } from 'vitest';
import { type AcrCall, explainAcr } from '../../../../shared/azure/refusals/acr.ts';
import { expectRefusal, type Row, said } from './rows.ts';

const oci = (code: string, message: string) => ({ errors: [{ code, message }] });
const xml = (code: string, message = 'no') =>
  `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}\nRequestId:1\nTime:2</Message></Error>`;
const image = { repository: 'team/app', reference: 'v1', read: 'the manifest v1', of: 'manifest' } as const;
const call = { loginServer: 'contoso.azurecr.io', host: 'contoso.azurecr.io', ...image };
const config = { ...call, read: 'the configuration sha256:1', of: 'config' } as const;
const blob = { ...call, host: 'eusmanaged1.blob.core.windows.net' };

test.each<[AcrCall, ...Row]>([
  [
    call,
    'network rules, as in docker/build-push-action#1214',
    403,
    oci(
      'DENIED',
      "client with IP '20.50.1.2' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.",
    ),
    'network-denied',
    /network rules of contoso\.azurecr\.io .*403, DENIED, client with IP '20\.50\.1\.2'/,
    /^Let the app in: az acr network-rule add --name contoso --ip-address 20\.50\.1\.2\n.*private endpoint/,
  ],
  [
    { ...call, isExchange: true },
    'network rules at the exchange, as in azure-cli#28151',
    403,
    oci(
      'DENIED',
      "client with IP '20.50.1.2' is not allowed access. Refer https://aka.ms/acr/firewall to grant access. CorrelationId: 0a3728f5",
    ),
    'network-denied',
    /CorrelationId: 0a3728f5/,
    /--ip-address 20\.50\.1\.2\n/,
  ],
  [
    { ...call, loginServer: 'contoso-a1b2.azurecr.io', host: 'contoso-a1b2.azurecr.io' },
    'network rules for an IPv6 address, of a registry with a hash in its host',
    403,
    oci('DENIED', "client with IP '2001:db8::1' is not allowed access."),
    'network-denied',
    /2001:db8::1/,
    /--name contoso --ip-address 2001:db8::1\n/,
  ],
  [
    { ...call, loginServer: 'registry.corp.example:5000', host: 'registry.corp.example:5000' },
    'network rules of a registry under another host',
    403,
    oci('DENIED', "client with IP '10.0.0.4' is not allowed access."),
    'network-denied',
    /registry\.corp\.example:5000/,
    /--name "\$\(az acr list --query "\[\?loginServer=='registry\.corp\.example:5000'\]\.name" --output tsv\)"/,
  ],
  [
    blob,
    'the firewall of the storage that blobs are redirected to',
    403,
    xml('AuthorizationFailure', 'This request is not authorized to perform this operation.'),
    'network-denied',
    /^eusmanaged1\.blob\.core\.windows\.net, the data endpoint that contoso\.azurecr\.io redirects to.*This request is not/,
    /az acr show-endpoints --name contoso\n.*az acr update --name contoso --data-endpoint-enabled true/,
  ],
  [
    blob,
    'a proxy before that storage',
    407,
    '<html><body>Proxy authentication required</body></html>',
    'registry-unavailable',
    /eusmanaged1\.blob\.core\.windows\.net.*407, Proxy authentication required$/,
    /az acr show-endpoints/,
    'passes',
  ],
  [
    blob,
    'storage that does not take the signature',
    403,
    xml('AuthenticationFailed', 'Server failed to authenticate the request.'),
    'registry-unavailable',
    /signed address/,
    /proxy/,
    'passes',
  ],
  [
    blob,
    'storage that does not answer',
    undefined,
    'read ECONNRESET',
    'registry-unavailable',
    /eusmanaged1\.blob\.core\.windows\.net.*no answer, read ECONNRESET/,
    /az acr show-endpoints/,
    'passes',
  ],
  [
    call,
    'a locked image, as in Azure/acr#522',
    405,
    oci(
      'REGISTRY_DISALLOWED_OPERATION',
      'The operation is disallowed on this registry, repository or image. View troubleshooting steps at https://aka.ms/acr/faq/',
    ),
    'image-locked',
    /forbids reading the manifest v1 of team\/app.*The operation is disallowed/,
    /az acr repository update --name contoso --image team\/app:v1 --read-enabled true/,
  ],
  [
    call,
    'a missing role',
    401,
    oci(
      'UNAUTHORIZED',
      'authentication required, visit https://aka.ms/acr/authorization for more information.',
    ),
    'registry-unauthorized',
    /does not let the bridge's identity read the manifest v1 of team\/app/,
    /az role assignment create --role AcrPull .*az acr show --name contoso/,
  ],
  [
    { ...call, isExchange: true },
    'a token of another tenant',
    401,
    oci('UNAUTHORIZED', 'authentication required'),
    'registry-unauthorized',
    /does not take the Entra token/,
    /one Entra tenant.*\n?.*authentication-as-arm show --registry contoso/,
  ],
  [
    call,
    'the upstream of a cache rule, as in Azure/acr#754',
    429,
    oci('TOOMANYREQUESTS', "too many requests to source registry for cache rule 'docker-hub'."),
    'upstream-throttled',
    /source registry .*cache rule 'docker-hub'/,
    /az acr cache list --registry contoso/,
    'passes',
  ],
  [
    config,
    'no configuration',
    404,
    oci('BLOB_UNKNOWN', 'blob unknown to registry'),
    'config-missing',
    /does not give the configuration sha256:1 of team\/app.*blob unknown/,
    /push the image again/,
  ],
  [
    { ...config, host: 'eusmanaged1.blob.core.windows.net' },
    'no such blob in its storage',
    404,
    xml('BlobNotFound', 'The specified blob does not exist.'),
    'config-missing',
    /specified blob does not exist/,
    /push the image again/,
  ],
  [call, 'a manifest that is too large', 413, '', 'manifest-too-large', /too large/, /smaller manifest/],
  [
    call,
    'a manifest that it does not take',
    400,
    oci('MANIFEST_INVALID', 'manifest invalid'),
    'manifest-unreadable',
    /manifest invalid/,
    /push the image again/,
  ],
  [
    call,
    'too many calls',
    429,
    oci('TOOMANYREQUESTS', 'too many requests'),
    'registry-unavailable',
    /slow down/,
    /Wait/,
    'passes',
  ],
  [
    call,
    'a fault of its own',
    500,
    '<html>Bad</html>',
    'registry-unavailable',
    /500, Bad$/,
    /Wait/,
    'passes',
  ],
])('%j: %s', (about, ...row) => {
  expectRefusal(explainAcr(said(row[1], row[2]), about), row);
});
