import { conditionalAnswer, NOT_CHANGED, READ_HEADERS } from '../shared/api/conditional.ts';
import { IMAGE, PENDING_IMAGE } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { ImagePath } from '../shared/api/requests/paths.ts';
import { ImageQuery } from '../shared/api/requests/queries.ts';
import { RETRY_AFTER, retryAfter } from '../shared/api/retry-after.ts';
import { ImageView, imageView } from '../shared/api/views/image.ts';
import { RefusedError, unknownRegistry } from '../shared/errors.ts';
import { newestImage } from '../shared/images/newest.ts';
import { untilSettled } from '../shared/images/settled.ts';

httpFunction('images-get', {
  method: 'GET',
  route: 'images/{registry}/{*reference}',
  role: 'Registries.Read',
  summary: 'Shows the image record of a tag or, without a tag, the newest imported image of the repository',
  description:
    'With `waitSeconds` the answer comes once the image is settled; 202 says that it is still pending after that time.',
  path: ImagePath,
  query: ImageQuery,
  headers: READ_HEADERS,
  answers: {
    200: {
      description: 'The image record.',
      body: ImageView,
      headers: { etag: 'Of this answer.' },
      example: IMAGE,
    },
    202: {
      description: 'It is still pending after `waitSeconds`.',
      body: ImageView,
      headers: { etag: 'Of this answer.', ...RETRY_AFTER },
      example: PENDING_IMAGE,
    },
    304: NOT_CHANGED,
  },
  refusals: ['not-found'],
  async answer({ path: { registry: name, reference }, query, request, signal }, services) {
    const { registries, images, now } = services;
    const registry = await registries.get(name);
    if (!registry) throw unknownRegistry(name);
    const { repository, tag } = reference;
    const read = () =>
      tag === undefined ? newestImage(images, name, repository) : images.get(name, { repository, tag });
    const { waitSeconds, digest } = query;
    const record = await untilSettled(services, read, digest, waitSeconds * 1_000, signal);
    if (!record) throw new RefusedError('not-found', explain(name, repository, tag));
    const answer = conditionalAnswer(request, imageView(record, registry));
    if (answer.status !== 200 || waitSeconds === 0 || record.state !== 'pending') return answer;
    return { ...answer, status: 202, headers: { ...answer.headers, ...retryAfter(record, now()) } };
  },
});

function explain(registry: string, repository: string, tag: string | undefined): string {
  return tag === undefined
    ? `Coder has no image of ${repository}. GET /api/images?registry=${registry} lists its tags.`
    : `There is no image record of ${repository}:${tag}. If the registry has it, POST /api/images imports it.`;
}
