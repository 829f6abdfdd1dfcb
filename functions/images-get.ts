import { IMAGE } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { ImagePath } from '../shared/api/requests/paths.ts';
import { ImageView, imageView } from '../shared/api/views/image.ts';
import { RefusedError, unknownRegistry } from '../shared/errors.ts';
import { newestImage } from '../shared/images/newest.ts';

httpFunction('images-get', {
  method: 'GET',
  route: 'images/{registry}/{*reference}',
  role: 'Registries.Read',
  summary: 'Shows the image record of a tag or, without a tag, the newest imported image of the repository',
  path: ImagePath,
  answers: { 200: { description: 'The image record.', body: ImageView, example: IMAGE } },
  refusals: ['not-found'],
  async answer({ path: { registry: name, reference } }, { registries, images }) {
    const registry = await registries.get(name);
    if (!registry) throw unknownRegistry(name);
    const { repository, tag } = reference;
    const record =
      tag === undefined
        ? await newestImage(images, name, repository)
        : await images.get(name, { repository, tag });
    if (!record) throw new RefusedError('not-found', explain(name, repository, tag));
    return { status: 200, jsonBody: imageView(record, registry) };
  },
});

function explain(registry: string, repository: string, tag: string | undefined): string {
  return tag === undefined
    ? `Coder has no image of ${repository}. GET /api/images?registry=${registry} lists its tags.`
    : `There is no image record of ${repository}:${tag}. If the registry has it, POST /api/images imports it.`;
}
