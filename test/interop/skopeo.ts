import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Tls } from '../../infra/local/tls.ts';

const run = promisify(execFile);

/** Whom skopeo logs in as. */
export interface Login {
  username: string;
  password: string;
}

/** The client skopeo, at one registry. Each call rejects with what skopeo printed when it fails. */
export function createSkopeo(loginServer: string, tls: Tls) {
  const certificates = dirname(tls.caFile);
  const at = (reference: string) => `docker://${loginServer}/${reference}`;
  const access = (side: '' | 'src-' | 'dest-', { username, password }: Login) => [
    ...[`--${side}creds`, `${username}:${password}`],
    ...[`--${side}cert-dir`, certificates],
  ];
  async function skopeo(command: string, ...parameters: string[]): Promise<string> {
    return (await run('skopeo', ['--insecure-policy', command, ...parameters])).stdout;
  }
  return {
    /** Copies the OCI layout in a folder to the registry, with all platforms. */
    push: (folder: string, reference: string, login: Login) =>
      skopeo('copy', '--all', ...access('dest-', login), `oci:${folder}`, at(reference)),
    /** Copies from the registry, with all platforms, to an OCI layout in a folder. */
    pull: (reference: string, folder: string, login: Login) =>
      skopeo('copy', '--all', ...access('src-', login), at(reference), `oci:${folder}`),
    inspect: async (reference: string, login: Login): Promise<unknown> =>
      JSON.parse(await skopeo('inspect', ...access('', login), at(reference))),
    delete: (reference: string, login: Login) => skopeo('delete', ...access('', login), at(reference)),
  };
}

export type Skopeo = ReturnType<typeof createSkopeo>;
