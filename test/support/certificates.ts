import { randomUUID } from 'node:crypto';
import { generate } from 'selfsigned';

/** A certificate with its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const dayMs = 86_400_000;

/** Makes a certificate authority of a test's own. No two have one name, or one would be taken for the other. */
export async function createAuthority(): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: `authority ${randomUUID()}` }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Makes the certificate of a server: by default valid now, and signed by itself where no authority signs it. */
export async function createServerCertificate(options: {
  readonly host: string;
  readonly authority?: Certificate;
  readonly validDays?: readonly [from: number, to: number];
}): Promise<Certificate> {
  const { host, authority, validDays: [from, to] = [-1, 1] } = options;
  const made = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + from * dayMs),
    notAfterDate: new Date(Date.now() + to * dayMs),
    ...(authority === undefined ? {} : { ca: authority }),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: host }] }],
  });
  return { cert: made.cert, key: made.private };
}
