import { DIAGNOSIS } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { DiagnosisView } from '../shared/api/views/diagnosis.ts';
import { diagnose } from '../shared/diagnostics/diagnose.ts';

httpFunction('registries-diagnostics', {
  method: 'GET',
  route: 'registries/{name}/diagnostics',
  role: 'Registries.Read',
  summary: 'Checks everything that must be true for images of the registry to arrive in Coder',
  description:
    'Each finding is the result of one check: whether it passed, and otherwise the reason and the remedy. A check that needs a failed one is skipped.',
  path: RegistryPath,
  answers: { 200: { description: 'The findings.', body: DiagnosisView, example: DIAGNOSIS } },
  refusals: ['not-found'],
  async answer({ path: { name }, signal }, services) {
    const findings = await diagnose(services, name, signal);
    const ok = findings.every(finding => finding.ok !== false);
    return { status: 200, jsonBody: { registry: name, checkedOn: services.now(), ok, findings } };
  },
});
