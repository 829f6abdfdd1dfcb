import type { CoderContext, CoderRoute } from './context.ts';
import { CoderError, notFound, unauthorizedWrite } from './errors.ts';
import { knownFile, storeFile } from './files.ts';
import { allowed } from './rights.ts';

const LARGEST_FILE_BYTES = 100 * 1024 * 1024;

export function fileRoutes(context: CoderContext): CoderRoute[] {
  return [
    {
      method: 'POST',
      path: '/files',
      handle({ caller: { user, key }, headers, body }) {
        refuseUpload(headers['content-type'], body);
        const known = knownFile(context, user, body);
        if (known) return { status: 200, body: { hash: known.id } };
        if (!allowed({ user, key }, 'create', { type: 'file', ownerId: user.id })) {
          throw unauthorizedWrite('Internal error saving file.', 'insert file');
        }
        return { status: 201, body: { hash: storeFile(context, user, body).id } };
      },
    },
    {
      method: 'GET',
      path: '/files/{}',
      handle({ caller, params }) {
        const file = context.state.files.find(({ id }) => id === params[0]);
        if (!file || !allowed(caller, 'read', { type: 'file', id: file.id, ownerId: file.ownerId }))
          throw notFound();
        return { status: 200, headers: { 'content-type': file.mimeType }, body: file.content };
      },
    },
  ];
}

/** @throws CoderError */
function refuseUpload(type: string | undefined, { length }: Buffer): void {
  if (type === 'application/zip') throw new CoderError(400, 'The stand-in reads tar archives only.');
  if (type !== 'application/x-tar')
    throw new CoderError(400, `Unsupported content type header "${type ?? ''}".`);
  if (length > LARGEST_FILE_BYTES) throw new CoderError(413, 'Failed to read file from request.');
}
