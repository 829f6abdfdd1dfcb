import type { Caller, CoderContext, CoderRoute } from './context.ts';
import { CoderError, notFound, unauthorizedWrite } from './errors.ts';
import { knownFile, storeFile } from './files.ts';
import { mayTemplate } from './lookup.ts';
import { allowed } from './rights.ts';
import type { StoredFile } from './state.ts';

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
        if (!file || !mayRead(context, caller, file)) throw notFound();
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

/** Who may change a template may read the files of its versions. */
function mayRead({ state }: CoderContext, caller: Caller, file: StoredFile): boolean {
  if (allowed(caller, 'read', { type: 'file', id: file.id, ownerId: file.ownerId })) return true;
  const versions = state.versions.filter(({ job }) => job.fileId === file.id);
  return versions.some(({ templateId }) => templateId && mayTemplate(caller, 'update', templateId));
}
