import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Route } from '../../stand-in.ts';
import { given, parseBody } from './bodies.ts';
import type { CoderContext } from './context.ts';
import { findImage, findTag } from './state.ts';

const Switches = z.strictObject({
  acrAuthentication: z.boolean().optional(),
  showRegistryKind: z.boolean().optional(),
});
const Workspaces = z.strictObject({ image_id: z.string(), tag: z.string(), names: z.array(z.string()) });

/**
 * What people do in Coder's own pages, and its public API lacks:
 * - `POST /_stand-in/workspaces {image_id, tag, names}`: from now on these workspaces, and no others, use the tag.
 * - `DELETE /_stand-in/images/{id}`: the image is gone, and its tags with it.
 * - `POST /_stand-in/switches {acrAuthentication?, showRegistryKind?}` turns these on or off.
 */
export function byHandRoutes({ state, switches }: Pick<CoderContext, 'state' | 'switches'>): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/_stand-in\/switches$/,
      handle({ body }) {
        Object.assign(switches, given(parseBody(Switches, body)));
        return { status: 200, body: switches };
      },
    },
    {
      method: 'POST',
      path: /^\/_stand-in\/workspaces$/,
      handle({ body }) {
        const { image_id, tag, names } = parseBody(Workspaces, body);
        const used = findTag(findImage(state, image_id), tag);
        used.workspaces = names.map(name => ({ id: randomUUID(), name }));
        return { status: 200, body: used.workspaces };
      },
    },
    {
      method: 'DELETE',
      path: /^\/_stand-in\/images\/([^/]+)$/,
      handle({ params }) {
        const gone = findImage(state, params[0]);
        state.images = state.images.filter(image => image !== gone);
        return { status: 204 };
      },
    },
  ];
}
