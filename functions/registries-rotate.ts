import * as z from 'zod';
import { REGISTRY } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { RotateQuery } from '../shared/api/requests/queries.ts';
import { RETRY_AFTER, retryAfter } from '../shared/api/retry-after.ts';
import { Time } from '../shared/api/views/fields.ts';
import { RotationView, rotationView } from '../shared/api/views/rotation.ts';
import { INTERRUPTS, RotationPlanView, rotationPlanView, WAITS } from '../shared/api/views/rotation-plan.ts';
import { describe } from '../shared/errors.ts';
import { createLog } from '../shared/lib/log.ts';
import { timeLimit } from '../shared/lib/time-limit.ts';
import { waitsUntil } from '../shared/rotation/plan.ts';
import { findRotating, requestRotation } from '../shared/rotation/request.ts';
import { rotate } from '../shared/rotation/rotate.ts';
import type { Services } from '../shared/services.ts';

/** A new password takes a minute to work everywhere. The timer does what is not done by then. */
const BUDGET_MS = 90_000;

const Begun = z.strictObject({
  registry: z.string(),
  rotation: RotationView,
  interrupts: z.string().optional().describe('What an emergency rotation may interrupt.'),
  waits: z.string().optional().describe('What it waits for.'),
  startsOn: Time.optional().describe('When it starts, if it waits.'),
});

httpFunction('registries-rotate', {
  method: 'POST',
  route: 'registries/{name}/rotate',
  role: 'Registries.Write',
  summary: 'Rotates the credential of the registry',
  description:
    'With `compromised=true` the bridge revokes the old one as soon as the new one is delivered. A plain request interrupts nothing: it waits until the rotation under way and the grace period of the password in its slot are over.',
  path: RegistryPath,
  query: RotateQuery,
  answers: {
    200: {
      description: 'The plan of a dry run.',
      body: RotationPlanView,
      example: {
        ...{ dryRun: true, registry: REGISTRY.name, compromised: false },
        steps: [{ step: 'issue a new one', slot: 'password2' }],
      },
    },
    202: {
      description: 'It has started; GET of the registry shows its progress.',
      body: Begun,
      headers: { location: 'Where its progress is.', ...RETRY_AFTER },
      example: { registry: REGISTRY.name, rotation: { step: 'testing' } },
    },
  },
  refusals: ['not-found', 'nothing-to-rotate'],
  async answer({ path: { name }, query: { dryRun, compromised }, request }, services) {
    if (dryRun) {
      const registry = await findRotating(services.registries, name);
      const jsonBody = rotationPlanView(registry, services.holder, services.now(), compromised);
      return { status: 200, jsonBody };
    }
    const registry = await requestRotation(services, name, compromised);
    void carryOn(services, name);
    const location = new URL(request.url).pathname.replace(/\/rotate$/, '');
    const interrupts = compromised ? INTERRUPTS : undefined;
    const startsOn = compromised ? undefined : waitsUntil(registry);
    const waits = startsOn && WAITS;
    return {
      status: 202,
      headers: { location, ...retryAfter({ dueOn: startsOn }, services.now()) },
      jsonBody: { registry: name, rotation: rotationView(registry), interrupts, waits, startsOn },
    };
  },
});

/** Goes on after the answer, when the invocation's own log is no longer usable. */
async function carryOn(services: Services, name: string): Promise<void> {
  const log = createLog(console);
  await rotate(services, name, timeLimit(BUDGET_MS), log).catch((error: unknown) =>
    log.error('rotation incomplete', { registry: name, message: describe(error) }),
  );
}
