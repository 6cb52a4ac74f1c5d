import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { newDir, recordedPids, runningOf, venvDir } from '../stack/running-stack.ts';

// One start of everything and two restarts, perhaps on a busy machine.
const timeoutMs = 300_000;

const root = join(import.meta.dirname, '..', '..');
/** A copy of the sources, so that the test can change them. It borrows what is installed here. */
const clone = newDir();
const stackDir = join(clone, '.stack');
let child: ChildProcess | undefined;
let printed = '';

beforeAll(async () => {
  await mkdir(stackDir, { recursive: true });
  for (const path of ['src', 'workflows', 'activities', 'migrations', 'scripts']) {
    await cp(join(root, path), join(clone, path), { recursive: true });
  }
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json']) {
    await cp(join(root, file), join(clone, file));
  }
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
  await symlink(venvDir, join(stackDir, 'venv'));
  const location = join(root, '.stack', 'postgresql-location');
  const postgresql = existsSync(location) ? await readFile(location) : join(root, '.stack', 'postgresql');
  await writeFile(join(stackDir, 'postgresql-location'), postgresql);
});

afterAll(async () => {
  // Only after a failure does it still run. The watchdog ends its services.
  if (child?.exitCode === null) child.kill('SIGKILL');
  const isQuiet = async () => (await runningOf(await recordedPids(stackDir).catch(() => []))).length === 0;
  await vi.waitUntil(isQuiet, { timeout: 60_000, interval: 200 });
  await rm(clone, { recursive: true, force: true });
}, 120_000);

it(
  'restarts the API and the worker on their ports when a source file changes, and leaves the services running',
  async () => {
    const { PATH, HOME } = process.env;
    child = spawn(process.execPath, [join(clone, 'scripts', 'dev.mjs'), '--no-samples'], {
      env: { PATH, HOME },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child?.once('exit', resolve));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        printed += chunk;
      });
    }
    await waitFor('Ctrl-C stops everything', 0);
    const { apiUrl } = z
      .object({ apiUrl: z.string() })
      .parse(JSON.parse(await readFile(join(stackDir, 'endpoints.json'), 'utf8')));
    const version = async () =>
      z
        .object({ info: z.object({ version: z.string() }) })
        .parse(await (await fetch(`${apiUrl}/api/v1/openapi.json`)).json()).info.version;
    const running = await services();
    const before = await pids();

    // A mistake ends the API and the migration. The worker, which imports neither file, restarts.
    const apiFile = join(clone, 'src', 'main', 'api.ts');
    const api = await readFile(apiFile, 'utf8');
    const versionFile = join(clone, 'src', 'main', 'version.ts');
    const migrationsFile = join(clone, 'migrations', 'index.ts');
    const migrations = await readFile(migrationsFile, 'utf8');
    let from = printed.length;
    await writeFile(migrationsFile, `${migrations}throw new Error('a mistake');\n`);
    await writeFile(apiFile, `${api}export const mistake = ;\n`);
    await waitFor('waiting for the next change', from);
    const report = printed.slice(from);
    expect(report).toContain('migrations/index.ts and 1 more changed: restarting the API and the worker …');
    expect(report).toContain('migrate ended with code 1');
    expect(report).toContain('api ended with code 1');
    expect(await runningOf([before.api, before.worker])).toEqual([]);
    expect(await runningOf([await pidOf('worker')])).toHaveLength(1);
    expect(await runningOf(running)).toEqual(running);

    from = printed.length;
    await writeFile(migrationsFile, migrations);
    await writeFile(apiFile, api);
    await writeFile(versionFile, "export const version = '0.0.0-corrected';\n");
    await waitFor('restarted', from);
    expect(printed.slice(from)).not.toContain('ended with code');
    expect(await version()).toBe('0.0.0-corrected');

    // A crash between two changes does not end the others either.
    from = printed.length;
    process.kill(await pidOf('api'), 'SIGKILL');
    await waitFor('waiting for a change', from);
    expect(await services()).toEqual(running);

    const all = await recordedPids(stackDir);
    expect(all).toHaveLength(5);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(await runningOf(all)).toEqual([]);
  },
  timeoutMs,
);

const pidOf = async (name: string) =>
  Number((await readFile(join(stackDir, 'run', `${name}.process`), 'utf8').catch(() => '')).split('\n')[0]);
const pids = async () => ({ api: await pidOf('api'), worker: await pidOf('worker') });
const services = async () => Promise.all(['postgres', 'temporal', 'openbao', 'embedding-server'].map(pidOf));

/** Waits for a line of the output that comes after what was printed so far. */
async function waitFor(text: string, from: number): Promise<void> {
  await vi.waitUntil(() => printed.slice(from).includes(text) || child?.exitCode !== null, {
    timeout: 120_000,
    interval: 50,
  });
  expect(printed.slice(from)).toContain(text);
}
