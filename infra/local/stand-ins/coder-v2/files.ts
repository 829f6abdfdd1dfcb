import { createHash, randomUUID } from 'node:crypto';
import type { CoderContext } from './context.ts';
import type { StoredFile, User } from './state.ts';

/** The same content of the same user is one file. */
export function knownFile({ state }: CoderContext, owner: User, content: Buffer): StoredFile | undefined {
  const hash = hashOf(content);
  return state.files.find(file => file.hash === hash && file.ownerId === owner.id);
}

export function storeFile(context: CoderContext, owner: User, content: Buffer): StoredFile {
  const known = knownFile(context, owner, content);
  if (known) return known;
  const file: StoredFile = {
    id: randomUUID(),
    hash: hashOf(content),
    ownerId: owner.id,
    mimeType: 'application/x-tar',
    content,
  };
  context.state.files.push(file);
  return file;
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
