import { conditionalAnswer, NOT_CHANGED, READ_HEADERS } from '../shared/api/conditional.ts';
import { SUMMARY } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { SummaryView, summaryView } from '../shared/api/views/summary.ts';
import { readOverview } from '../shared/summary/overview.ts';

httpFunction('summary-get', {
  method: 'GET',
  route: 'summary',
  role: 'Registries.Read',
  summary: 'Shows how well registries and templates are, and counts images by state and reason',
  description:
    'A timer counts every minute, a very large registry less often; `countedOn` says as of when. Only a registry that was not counted yet is counted by the call itself.',
  headers: READ_HEADERS,
  answers: {
    200: {
      description: 'The overview.',
      body: SummaryView,
      headers: { etag: 'Of this answer.' },
      example: SUMMARY,
    },
    304: NOT_CHANGED,
  },
  async answer({ request, signal }, services) {
    const { reconcileEveryMinutes, now } = services;
    const overview = await readOverview(services, signal);
    return conditionalAnswer(request, summaryView({ ...overview, reconcileEveryMinutes, now: now() }));
  },
});
