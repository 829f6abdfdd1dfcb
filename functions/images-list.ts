import { app } from '@azure/functions';
import { endpoint } from '../shared/http/endpoint.ts';
import { ImagesQuery, readQuery } from '../shared/http/input.ts';
import { imageView } from '../shared/http/views.ts';
import { getServices } from '../shared/services.ts';

app.http('images-list', {
  methods: ['GET'],
  route: 'images',
  authLevel: 'function',
  handler: endpoint(getServices, async (request, { images }) => {
    const { registry, state, ...page } = readQuery(request, ImagesQuery);
    const { items, ...next } = await images.list({ registry, state }, page);
    return { status: 200, jsonBody: { items: items.map(imageView), ...next } };
  }),
});
