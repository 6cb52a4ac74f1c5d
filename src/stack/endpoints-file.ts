import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DemoKeys } from './demo-tenant.ts';

/** What `npm start` tells programs. The names are a promise. */
export interface Endpoints {
  readonly apiUrl: string;
  readonly docsUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string | null;
  readonly vaultUrl: string;
  readonly databaseUrl: string;
  readonly embeddingUrl: string;
  readonly keys: DemoKeys;
  readonly adminKey: string;
}

const path = (stackDir: string) => join(stackDir, 'endpoints.json');

/** Written whole, and for its owner alone: it holds keys. The path of the file. */
export async function writeEndpoints(stackDir: string, endpoints: Endpoints): Promise<string> {
  await writeFile(`${path(stackDir)}.new`, `${JSON.stringify(endpoints, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${path(stackDir)}.new`, path(stackDir));
  return path(stackDir);
}

/** Nobody must take the addresses of an earlier start for those of this one. */
export async function forgetEndpoints(stackDir: string): Promise<void> {
  await rm(path(stackDir), { force: true });
}
