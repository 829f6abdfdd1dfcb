import { createHash, randomUUID } from 'node:crypto';
import type { CoderContext, CoderRoute } from './context.ts';
import { CoderError, notFound, unauthorizedWrite } from './errors.ts';
import { allowed } from './rights.ts';

const LARGEST_FILE_BYTES = 100 * 1024 * 1024;
const TYPES = ['application/x-tar', 'application/zip'];

export function fileRoutes({ state }: CoderContext): CoderRoute[] {
  return [
    {
      method: 'POST',
      path: '/files',
      handle({ caller, headers, body }) {
        const mimeType = headers['content-type'] ?? '';
        if (!TYPES.includes(mimeType)) {
          throw new CoderError(400, `Unsupported content type header "${mimeType}".`);
        }
        if (mimeType !== 'application/x-tar')
          throw new CoderError(400, 'The stand-in reads tar archives only.');
        if (body.length > LARGEST_FILE_BYTES) throw new CoderError(413, 'Failed to read file from request.');
        const hash = createHash('sha256').update(body).digest('hex');
        const known = state.files.find(file => file.hash === hash && file.ownerId === caller.user.id);
        if (known) return { status: 200, body: { hash: known.id } };
        if (!allowed(caller, 'create', { type: 'file', ownerId: caller.user.id })) {
          throw unauthorizedWrite('Internal error saving file.', 'insert file');
        }
        const file = { id: randomUUID(), hash, ownerId: caller.user.id, mimeType, content: body };
        state.files.push(file);
        return { status: 201, body: { hash: file.id } };
      },
    },
    {
      method: 'GET',
      path: '/files/{}',
      handle({ caller, params }) {
        const file = state.files.find(({ id }) => id === params[0]);
        if (!file || !allowed(caller, 'read', { type: 'file', id: file.id, ownerId: file.ownerId }))
          throw notFound();
        return { status: 200, headers: { 'content-type': file.mimeType }, body: file.content };
      },
    },
  ];
}
