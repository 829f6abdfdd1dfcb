import { PENDING_IMAGE } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { ImagesQuery } from '../shared/api/requests/queries.ts';
import { ImageView, imageView } from '../shared/api/views/image.ts';
import { pageOf } from '../shared/api/views/page.ts';
import { unknownRegistry } from '../shared/errors.ts';

httpFunction('images-list', {
  method: 'GET',
  route: 'images',
  role: 'Registries.Read',
  summary: 'Lists image records',
  query: ImagesQuery,
  answers: {
    200: {
      description: 'A page of image records.',
      body: pageOf(ImageView),
      example: { items: [PENDING_IMAGE] },
    },
  },
  refusals: ['not-found'],
  async answer({ query: { registry, state, ...page } }, { images, registries }) {
    if (registry && !(await registries.exists(registry))) throw unknownRegistry(registry);
    const { items, ...next } = await images.list({ registry, state }, page);
    return { status: 200, jsonBody: { items: items.map(item => imageView(item)), ...next } };
  },
});
