import * as z from 'zod';
import type { Route } from '../../stand-in.ts';
import type { StandInResponse } from '../../stand-in-messages.ts';
import { parseBody } from './bodies.ts';
import type { CoderContext } from './context.ts';
import type { CoderControls } from './controls.ts';
import { refusal } from './errors.ts';
import { versionView } from './version-view.ts';

const Text = z.string().min(1);
const Texts = z.record(z.string(), z.string());

const Push = z.strictObject({
  template: Text,
  user: Text.optional(),
  files: Texts.optional(),
  variables: Texts.optional(),
  tfvars: z.string().optional(),
  activate: z.boolean().optional(),
  name: Text.optional(),
});

/** The controls over HTTP: `POST /_stand-in/<name>` with a JSON body. */
export function controlRoutes(context: CoderContext, controls: CoderControls): Route[] {
  const show = (version: Parameters<typeof versionView>[1]) => versionView(context, version);
  return [
    control('push-template', Push, push => show(controls.pushTemplate(push))),
    control('promote', z.strictObject({ template: Text, version: Text }), ({ template, version }) =>
      controls.promote(template, version),
    ),
    control(
      'set-variable',
      z.strictObject({ template: Text, name: Text, value: z.string() }),
      ({ template, name, value }) => show(controls.setVariable(template, name, value)),
    ),
    control('deprecate', z.strictObject({ template: Text, message: z.string() }), ({ template, message }) =>
      controls.deprecate(template, message),
    ),
    control('delete', z.strictObject({ template: Text }), ({ template }) =>
      controls.deleteTemplate(template),
    ),
    control(
      'provisioners',
      z.array(z.strictObject({ name: Text, tags: Texts.optional() })),
      controls.setProvisioners,
    ),
    control('clock', z.strictObject({ advanceMs: z.int().min(0) }), ({ advanceMs }) =>
      controls.advance(advanceMs),
    ),
    control('fail-next-import', z.strictObject({ error: Text }), ({ error }) =>
      controls.failNextImport(error),
    ),
    control('hold-imports', z.strictObject({ at: z.enum(['pending', 'running', 'nothing']) }), ({ at }) =>
      at === 'nothing' ? controls.releaseImports() : controls.holdImports(at),
    ),
    control('expire-token', z.strictObject({ id: Text }), ({ id }) => controls.expireToken(id)),
    control(
      'revoke-right',
      z.strictObject({
        user: Text,
        right: z.string().regex(/^[a-z_]+:[a-z_]+$/),
        given: z.boolean().optional(),
      }),
      ({ user, right, given }) => controls.revokeRight(user, right, given),
    ),
    control('terraform-apply', z.strictObject({ template: Text, version: Text.optional() }), body =>
      controls.terraformApply(body.template, body.version),
    ),
    control(
      'agents',
      z.strictObject({
        workspace: Text,
        report: z.enum(['connect', 'ready', 'fail']),
        output: z.string().optional(),
      }),
      ({ workspace, report, output }) => controls.reportAgents(workspace, report, output),
    ),
  ];
}

/** @param run what it returns is answered, with 200; nothing with 204 */
function control<T>(name: string, schema: z.ZodType<T>, run: (body: T) => unknown): Route {
  return {
    method: 'POST',
    path: new RegExp(`^/_stand-in/${name}$`),
    handle({ body }): StandInResponse {
      try {
        const result = run(parseBody(schema, body));
        return result ? { status: 200, body: result } : { status: 204 };
      } catch (error) {
        return refusal(error);
      }
    },
  };
}
