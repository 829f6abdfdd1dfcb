import { describe, expect, test } from 'vitest';
import { explainAks } from '../../../../shared/azure/refusals/aks.ts';
import { expectRefusal, type Row, said } from './rows.ts';

describe('the API server of a cluster', () => {
  const call = { host: 'name.hcp.westeurope.azmk8s.io', namespace: 'coder', secret: 'contoso-pull' };
  const oid = '8a1f0a53-6a0c-4a86-b1a6-8f5d8d0a1c55';
  const status = (code: number, reason: string, message: string) => ({
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code },
  });

  test.each<Row>([
    [
      'a missing role',
      403,
      status(
        403,
        'Forbidden',
        `secrets "contoso-pull" is forbidden: User "${oid}" cannot patch resource "secrets" in API group "" in the namespace "coder": User does not have access to the resource in Azure. Update role assignment to allow access.`,
      ),
      'delivery-refused',
      /may not read or write the Secret contoso-pull in coder.*403, Forbidden, secrets "contoso-pull"/,
      new RegExp(
        `az role assignment create --role 'Azure Kubernetes Service RBAC Writer' --assignee-object-id ${oid} .*"\\$AKS_ID/namespaces/coder"\n.*setup guide`,
      ),
    ],
    [
      'a cluster without Entra',
      401,
      status(401, 'Unauthorized', 'Unauthorized'),
      'delivery-refused',
      /takes no Entra token/,
      /az aks update .*--enable-aad --enable-azure-rbac/,
    ],
    [
      'no such namespace',
      404,
      status(404, 'NotFound', 'namespaces "coder" not found'),
      'delivery-refused',
      /has no namespace coder/,
      /kubectl create namespace coder/,
    ],
    [
      'a Secret of another type',
      422,
      status(422, 'Invalid', 'Secret "contoso-pull" is invalid: type: Invalid value: field is immutable'),
      'delivery-refused',
      /field is immutable/,
      /kubectl delete secret contoso-pull --namespace coder/,
    ],
    ['another server', 405, '<html>Not Allowed</html>', 'delivery-refused', /405, Not Allowed/, /server/],
    [
      'an update that is under way',
      409,
      status(409, 'Conflict', 'the object has been modified'),
      'cluster-unavailable',
      /been modified/,
      /cluster runs/,
      'passes',
    ],
    [
      'too many calls',
      429,
      status(429, 'TooManyRequests', 'later'),
      'cluster-unavailable',
      /later/,
      /Check/,
      'passes',
    ],
    ['an empty answer of a proxy', 503, '', 'cluster-unavailable', /503/, /network reaches name/, 'passes'],
  ])('%s', (...row) => {
    expectRefusal(explainAks(said(row[1], row[2]), call), row);
  });

  test('a certificate of an authority of its own', () => {
    const text = 'unable to verify the first certificate';
    const refusal = explainAks({ status: undefined, codes: ['UNABLE_TO_VERIFY_LEAF_SIGNATURE'], text }, call);

    expect(refusal).toMatchObject({ reason: 'delivery-refused', retryable: false });
    expect(refusal.remedy).toMatch(/certificateAuthority.*kubectl config view/);
  });
});
