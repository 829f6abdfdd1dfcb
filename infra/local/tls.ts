import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate for `localhost` and `127.0.0.1`, and the private CA that signed it. All values are PEM. */
export interface Tls {
  /** File that holds `ca`, for NODE_EXTRA_CA_CERTS; its folder serves as `--dest-cert-dir` of skopeo too. */
  caFile: string;
  certFile: string;
  keyFile: string;
  ca: string;
  cert: string;
  key: string;
}

const DAY_MS = 86_400_000;
const LIFETIME_DAYS = 30;
/** A certificate that ends sooner than this is replaced rather than used. */
const RENEW_BEFORE_DAYS = 7;

/**
 * The certificates in `directory`, made when they are missing or about to end.
 *
 * The Azure SDK clients refuse to send bearer tokens over plain http, so the stand-ins speak TLS. Their callers trust
 * this CA, which can sign no other certificate: its key is deleted after the one signature.
 */
export async function ensureTls(directory: string): Promise<Tls> {
  const files = {
    caFile: join(directory, 'ca.crt'),
    certFile: join(directory, 'cert.pem'),
    keyFile: join(directory, 'key.pem'),
  };
  if (!(await isUsable(files.certFile))) {
    await mkdir(directory, { recursive: true });
    const pems = await issue();
    await writeFile(files.caFile, pems.ca);
    await writeFile(files.keyFile, pems.key, { mode: 0o600 });
    await writeFile(files.certFile, pems.cert);
  }
  const [ca, cert, key] = await Promise.all(
    [files.caFile, files.certFile, files.keyFile].map(file => readFile(file, 'utf8')),
  );
  return { ...files, ca: ca as string, cert: cert as string, key: key as string };
}

async function isUsable(certFile: string): Promise<boolean> {
  if (!existsSync(certFile)) return false;
  const { validTo } = new X509Certificate(await readFile(certFile));
  return Date.parse(validTo) > Date.now() + RENEW_BEFORE_DAYS * DAY_MS;
}

async function issue(): Promise<{ ca: string; cert: string; key: string }> {
  const validity = {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - DAY_MS),
    notAfterDate: new Date(Date.now() + LIFETIME_DAYS * DAY_MS),
  } as const;
  const authority = await generate([{ name: 'commonName', value: 'Coder ACR Bridge local CA' }], {
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...validity,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { ca: authority.cert, cert: server.cert, key: server.private };
}
