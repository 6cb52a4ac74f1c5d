import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DemoKeys } from './demo-tenant.ts';

/** The addresses and keys of a running `npm start`, for other programs. They rely on these names, so the names stay. */
export interface Endpoints {
  readonly apiUrl: string;
  readonly docsUrl: string;
  readonly mcpUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string | null;
  readonly vaultUrl: string;
  readonly databaseUrl: string;
  readonly embeddingUrl: string;
  readonly keys: DemoKeys;
  readonly adminKey: string;
}

const path = (stackDir: string) => join(stackDir, 'endpoints.json');

/** Writes the file atomically, readable by its owner alone because it holds keys. Returns its path. */
export async function writeEndpoints(stackDir: string, endpoints: Endpoints): Promise<string> {
  await writeFile(`${path(stackDir)}.new`, `${JSON.stringify(endpoints, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${path(stackDir)}.new`, path(stackDir));
  return path(stackDir);
}

/** Removes the file, so that no program uses the addresses of an earlier start. */
export async function forgetEndpoints(stackDir: string): Promise<void> {
  await rm(path(stackDir), { force: true });
}
