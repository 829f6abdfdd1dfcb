import { app } from '@azure/functions';
import { endpoint } from '../shared/http/endpoint.ts';
import { ImagePath, parseInput } from '../shared/http/input.ts';
import { imageView } from '../shared/http/views.ts';
import { RefusedError } from '../shared/refused.ts';
import { getServices } from '../shared/services.ts';

app.http('images-get', {
  methods: ['GET'],
  route: 'images/{registry}/{*reference}',
  authLevel: 'function',
  handler: endpoint(getServices, async (request, { images }) => {
    const { registry, reference } = parseInput(ImagePath, request.params);
    const record = await images.get(registry, reference);
    if (!record)
      throw new RefusedError('not-found', 'Nothing was heard of this tag, neither a push nor a delete.');
    return { status: 200, jsonBody: imageView(record) };
  }),
});
