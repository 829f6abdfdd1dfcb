import { conditionalAnswer, NOT_CHANGED, READ_HEADERS } from '../shared/api/conditional.ts';
import { PENDING_IMAGE } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { ImagesQuery } from '../shared/api/requests/queries.ts';
import { ImageView, imageView } from '../shared/api/views/image.ts';
import { pageOf } from '../shared/api/views/page.ts';
import { unknownRegistry } from '../shared/errors.ts';
import type { StoredRegistry } from '../shared/records/registry.ts';

httpFunction('images-list', {
  method: 'GET',
  route: 'images',
  role: 'Registries.Read',
  summary: 'Lists image records',
  query: ImagesQuery,
  headers: READ_HEADERS,
  answers: {
    200: {
      description: 'A page of image records.',
      body: pageOf(ImageView),
      headers: { etag: 'Of this answer.' },
      example: { items: [PENDING_IMAGE] },
    },
    304: NOT_CHANGED,
  },
  refusals: ['not-found'],
  async answer({ query, request }, { images, registries }) {
    const { limit, continuationToken, order, state: states, ...filter } = query;
    const { registry } = filter;
    if (registry && !(await registries.exists(registry))) throw unknownRegistry(registry);
    const list = order === 'name' ? images.list : images.listLatest;
    const { items, ...next } = await list({ ...filter, states }, { limit, continuationToken });
    const known = new Map<string, StoredRegistry>();
    for await (const one of registries.each()) known.set(one.name, one);
    const views = items.map(item => imageView(item, known.get(item.registry)));
    return conditionalAnswer(request, { items: views, ...next });
  },
});
