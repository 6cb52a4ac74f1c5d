import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test as base, expect, vi } from 'vitest';
import { z } from 'zod';
import { newDir, recordedPids, runningOf } from '../stack/running-stack.ts';

const it = base.extend('stack', async ({}, { onCleanup }) => {
  const stack = prepareStack();
  onCleanup(() => stack.remove());
  return stack;
});
// Two starts of everything, perhaps on a busy machine.
const timeoutMs = 240_000;

it(
  'starts everything, prints where it is, ends in order at Ctrl-C, and starts again with the same keys and data',
  async ({ stack }) => {
    const first = await stack.start();
    const { apiUrl, docsUrl, keys } = first.endpoints;
    expect((await stat(stack.endpointsFile)).mode & 0o777).toBe(0o600);
    for (const printed of [apiUrl, docsUrl, keys.agent]) expect(first.printed()).toContain(printed);
    expect((await fetch(docsUrl)).status).toBe(200);
    const [, metricsUrl = ''] = /of the worker, (\S+)/.exec(first.printed()) ?? [];
    expect(await (await fetch(metricsUrl)).text()).toContain('temporal_');
    expect(await ask(apiUrl, keys.agent, '/articles')).toEqual({ status: 200, data: [] });
    const article = { title: 'Kept', body: 'It is there after a restart.', category: 'idea' };
    const { status, data } = await ask(apiUrl, keys.agent, '/articles', article);
    expect(status).toBe(201);
    const { id } = z.object({ id: z.string() }).parse(data);

    const pids = await recordedPids(stack.dir);
    expect(pids).toHaveLength(6);
    expect(await first.stop()).toBe(0);
    expect(await runningOf(pids)).toEqual([]);
    expect(existsSync(stack.endpointsFile)).toBe(false);

    // An operator who looks for an error sets these. The printed table has the keys on purpose, and no token of Vault.
    const second = await stack.start({ DEBUG: '*', NODE_DEBUG: '*' });
    expect(second.printed()).toContain('debugging switches are ignored');
    expect(second.printed()).not.toMatch(/vault.token/i);
    expect(second.printed()).not.toContain(
      await readFile(join(stack.dir, 'secrets', 'database-owner-password'), 'utf8'),
    );
    expect(second.endpoints.keys).toEqual(keys);
    expect(second.endpoints.adminKey).toBe(first.endpoints.adminKey);
    const kept = await ask(second.endpoints.apiUrl, keys.agent, `/articles/${id}`);
    expect(kept).toMatchObject({ status: 200, data: article });
    expect(await second.stop()).toBe(0);
  },
  timeoutMs,
);

/** A stack in a directory of its own, started as `npm start` does. */
function prepareStack() {
  const dir = newDir();
  const endpointsFile = join(dir, 'endpoints.json');
  const children: ChildProcess[] = [];

  /** Starts as `npm start -- --no-samples` does and waits for the last line of its introduction. */
  async function start(env: Readonly<Record<string, string>> = {}) {
    const script = join(import.meta.dirname, '..', 'stack', 'start-process.ts');
    const close = join(import.meta.dirname, '..', '..', 'scripts', 'close-library-output.mjs');
    const { PATH, HOME } = process.env;
    const child = spawn(
      process.execPath,
      ['--import', close, '--import', 'tsx', script, dir, '--no-samples'],
      {
        env: { PATH, HOME, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    children.push(child);
    let printed = '';
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => {
          printed += chunk;
          if (printed.includes('Ctrl-C stops everything')) resolve();
        });
      }
      void ended.then((code) => reject(new Error(`it ended early with code ${code}:\n${printed}`)));
    });
    return {
      endpoints: endpointsSchema.parse(JSON.parse(await readFile(endpointsFile, 'utf8'))),
      printed: () => printed,
      stop: () => {
        child.kill('SIGINT');
        return ended;
      },
    };
  }

  /** Ends what a failure has left: what is killed takes its services along. */
  async function remove() {
    for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
    const isQuiet = async () => (await runningOf(await recordedPids(dir).catch(() => []))).length === 0;
    await vi.waitUntil(isQuiet, { timeout: 60_000, interval: 200 });
    await rm(dir, { recursive: true, force: true });
  }
  return { dir, endpointsFile, start, remove };
}

const keySchema = z.string().regex(/^lk_[\w-]{40,}$/);
/** What programs are promised to find, and nothing beside it. */
const endpointsSchema = z.strictObject({
  apiUrl: z.url(),
  docsUrl: z.url(),
  mcpUrl: z.url(),
  temporalAddress: z.string().regex(/^127\.0\.0\.1:\d+$/),
  temporalUiUrl: z.url(),
  vaultUrl: z.url(),
  databaseUrl: z.string().startsWith('postgres://'),
  embeddingUrl: z.url(),
  keys: z.strictObject({ agent: keySchema, orchestrator: keySchema, user: keySchema }),
  adminKey: z.string().min(20),
});

async function ask(url: string, key: string, path: string, body?: unknown) {
  const response = await fetch(`${url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const { data } = z.object({ data: z.unknown() }).parse(await response.json());
  return { status: response.status, data };
}
