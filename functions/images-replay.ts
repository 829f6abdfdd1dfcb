import * as z from 'zod';
import { IMAGE } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { ReplayInput } from '../shared/api/requests/bodies.ts';
import { RETRY_AFTER, retryAfter } from '../shared/api/retry-after.ts';
import { ImageView, imageView } from '../shared/api/views/image.ts';
import { RefusedError, unknownRegistry } from '../shared/errors.ts';
import { importAndFollow } from '../shared/images/follow.ts';
import { replay } from '../shared/images/replay.ts';
import { timeLimit } from '../shared/lib/time-limit.ts';

const Replayed = z.strictObject({
  registry: z.string(),
  replayed: z.int().min(0),
  complete: z.boolean().describe('False when the time ran out: call again for the rest.'),
});

/** Leaves some time for the answer. */
const BUDGET_MS = 40_000;
const NO_RECORD = 'There is no image record of this tag. POST /api/images imports it.';

httpFunction('images-replay', {
  method: 'POST',
  route: 'images/replay',
  role: 'Images.Import',
  summary: 'Tries a failed or pending image again, or all of a registry',
  description:
    'The bridge tries one image at once, also one that is `held`; all of a registry, or those with one reason, within a minute, and what is held stays held.',
  body: ReplayInput,
  examples: {
    'one image': { registry: 'contoso', repository: 'samples/workspace', tag: 'v1' },
    'all with one reason': { registry: 'contoso', reason: 'coder-unauthorized' },
  },
  answers: {
    200: { description: 'The record of the one image.', body: ImageView, example: IMAGE },
    202: {
      description: 'Number of images that will be tried; or the one image, still pending.',
      body: z.union([Replayed, ImageView]),
      headers: RETRY_AFTER,
      example: { registry: 'contoso', replayed: 3, complete: true },
    },
  },
  refusals: ['not-found'],
  async answer({ body, signal, log }, services) {
    const registry = await services.registries.get(body.registry);
    if (!registry) throw unknownRegistry(body.registry);
    const { repository, tag, reason } = body;
    if (repository === undefined || tag === undefined) {
      const result = await replay(services, registry.name, reason, timeLimit(BUDGET_MS));
      const headers = retryAfter({}, services.now());
      return { status: 202, headers, jsonBody: { registry: registry.name, ...result } };
    }
    const image = { repository, tag };
    if (!(await services.images.exists(registry.name, image))) throw new RefusedError('not-found', NO_RECORD);
    const budget = timeLimit(services.importBudgetMs, signal);
    const result = await importAndFollow(
      services,
      { registry: registry.name, ...image, inDoubt: true, isRetry: true },
      budget,
      log,
    );
    const { record } = result;
    if (!record) throw unknownRegistry(registry.name);
    const jsonBody = imageView(record, registry);
    if (record.state !== 'pending') return { status: 200, jsonBody };
    return { status: 202, headers: retryAfter(record, services.now()), jsonBody };
  },
});
