import { httpFunction } from '../shared/api/http-function.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { LatencyQuery } from '../shared/api/requests/queries.ts';
import { LatencyView } from '../shared/api/views/latency.ts';
import { unknownRegistry } from '../shared/errors.ts';
import { summarize } from '../shared/images/latency.ts';

httpFunction('registries-latency', {
  method: 'GET',
  route: 'registries/{name}/latency',
  role: 'Registries.Read',
  summary: 'Shows how long pushes took to arrive in Coder',
  path: RegistryPath,
  query: LatencyQuery,
  answers: {
    200: {
      description: 'Percentiles, in ms.',
      body: LatencyView,
      example: {
        registry: 'contoso',
        since: '2026-11-02T08:31:09.000Z',
        count: 12,
        p50Ms: 1_704,
        p95Ms: 2_310,
        maxMs: 2_518,
      },
    },
  },
  refusals: ['not-found'],
  async answer({ path: { name }, query: { minutes } }, { registries, images, now }) {
    if (!(await registries.exists(name))) throw unknownRegistry(name);
    const since = new Date(now().getTime() - minutes * 60_000);
    const latency = await summarize(images.latencies(name, since));
    return { status: 200, jsonBody: { registry: name, since, ...latency } };
  },
});
