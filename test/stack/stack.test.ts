import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { z } from 'zod';
import { startStack } from '../../src/stack/stack.ts';
import { factsOfDirectory } from './directory-facts.ts';
import { type RunningStack, recordedPids, runningOf, runStack, venvDir } from './running-stack.ts';

// Several starts of four servers each, perhaps on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

// `run` starts a stack in `dir`, in a process of its own that ends with the fact.
const test = factsOfDirectory().extend('run', ({ dir }, { onCleanup }) => {
  const stacks: RunningStack[] = [];
  onCleanup(async () => {
    for (const stack of stacks) {
      stack.process.kill('SIGTERM');
      await stack.ended;
    }
  });
  return async (mode: 'persistent' | 'ephemeral'): Promise<RunningStack> => {
    const stack = await runStack(dir, mode);
    stacks.push(stack);
    return stack;
  };
});

test('after SIGKILL of everything a persistent stack starts again and has lost nothing', async ({
  dir,
  run,
}) => {
  const first = await run('persistent');
  await query(first.databaseOwnerUrl, 'create table kept (word text)');
  await query(first.databaseOwnerUrl, `insert into kept values ('kept')`);
  const context = base64('a tenant');
  const encrypted = await transit(first, 'transit/encrypt/lorekeep', { plaintext: base64('a key'), context });
  await withTemporal(first, (client) =>
    client.workflow.start('NobodyRunsThis', {
      workflowId: 'still-running',
      taskQueue: 'nobody',
    }),
  );
  // The services first, so that nothing is left for an orderly end when their parent goes.
  for (const pid of await recordedPids(dir)) process.kill(pid, 'SIGKILL');
  first.process.kill('SIGKILL');
  await first.ended;

  const second = await run('persistent');
  expect(await query(second.databaseOwnerUrl, 'select word from kept')).toEqual([{ word: 'kept' }]);
  expect(await query(second.databaseOwnerUrl, 'show fsync')).toEqual([{ fsync: 'on' }]);
  const { ciphertext } = encrypted.data;
  const opened = await transit(second, 'transit/decrypt/lorekeep', { ciphertext, context });
  expect(opened).toMatchObject({ status: 200, data: { plaintext: base64('a key') } });
  const description = await withTemporal(second, (client) =>
    client.workflow.getHandle('still-running').describe(),
  );
  expect(description.status.name).toBe('RUNNING');
  const password = (url: string) => new URL(url).password;
  expect(password(second.databaseUrl)).toBe(password(first.databaseUrl));
  expect(second.vaultToken).toBe(first.vaultToken);

  // What the service is given reaches the one key, in its own context, and nothing else.
  const elsewhere = { ciphertext, context: base64('another tenant') };
  expect((await transit(second, 'transit/decrypt/lorekeep', elsewhere)).status).toBe(400);
  expect((await transit(second, 'transit/keys/another', {})).status).toBe(403);
  expect((await transit(second, 'transit/export/encryption-key/lorekeep', {})).status).toBe(403);
});

test('a second stack in a directory is refused while the first one runs', async ({ dir, run }) => {
  await run('ephemeral');
  const again = startStack({ dir, venvDir, mode: 'persistent', env: {}, log: () => undefined });
  await expect(again).rejects.toThrow(/runs already/);
});

test('when its parent is killed, an ephemeral stack ends and leaves nothing', async ({ dir, run }) => {
  const stack = await run('ephemeral');
  const pids = await recordedPids(dir);
  expect(pids).toHaveLength(4);
  stack.process.kill('SIGKILL');
  await stack.ended;
  await expect.poll(() => runningOf(pids), { timeout: 60_000 }).toEqual([]);
  await expect.poll(() => existsSync(dir), { timeout: 60_000 }).toBe(false);
});

test('stopping leaves nothing running and no directory; stopping again is harmless', async ({ dir }) => {
  const stack = await startStack({ dir, venvDir, mode: 'ephemeral', env: {}, log: () => undefined });
  expect(stack.started).toEqual(['embedding-server', 'openbao', 'postgres', 'temporal']);
  const pids = await recordedPids(dir);
  expect(await runningOf(pids)).toHaveLength(4);
  await Promise.all([stack.stop(), stack.stop()]);
  await stack.stop();
  expect(await runningOf(pids)).toEqual([]);
  expect(existsSync(dir)).toBe(false);
});

test('uses a service whose variable is set, and starts none instead', async ({ dir }) => {
  const given = {
    DATABASE_URL: 'postgres://app:secret@db.internal/lorekeep',
    DATABASE_OWNER_URL: 'postgres://owner:secret@db.internal/lorekeep',
    TEMPORAL_ADDRESS: 'temporal.internal:7233',
    VAULT_ADDR: 'http://vault.internal:8200',
    VAULT_TOKEN: 'a token',
    VAULT_TRANSIT_KEY: 'theirs',
    EMBEDDING_BASE_URL: 'http://models.internal/v1',
  };
  const stack = await startStack({
    dir,
    venvDir,
    mode: 'persistent',
    env: given,
    log: () => undefined,
  });
  await stack.stop();
  expect(stack).toMatchObject({
    started: [],
    databaseUrl: given.DATABASE_URL,
    databaseOwnerUrl: given.DATABASE_OWNER_URL,
    temporalAddress: given.TEMPORAL_ADDRESS,
    vaultAddr: given.VAULT_ADDR,
    vaultToken: given.VAULT_TOKEN,
    vaultTransitMount: 'transit',
    vaultTransitKey: 'theirs',
    embeddingUrl: given.EMBEDDING_BASE_URL,
  });
});

test('names the variable that is missing when a service is given by half', async ({ dir }) => {
  const start = (env: Record<string, string>) =>
    startStack({ dir, venvDir, mode: 'ephemeral', env, log: () => undefined });
  await expect(start({ DATABASE_URL: 'postgres://x' })).rejects.toThrow('DATABASE_OWNER_URL');
  await expect(start({ VAULT_ADDR: 'http://x' })).rejects.toThrow('VAULT_TOKEN');
});

test('does not take a directory that holds something for a temporary one', async ({ dir }) => {
  await mkdir(dir);
  await writeFile(join(dir, 'precious'), 'data');
  const start = startStack({ dir, venvDir, mode: 'ephemeral', env: {}, log: () => undefined });
  await expect(start).rejects.toThrow('is not empty');
  expect(await readdir(dir)).toEqual(['precious']);
});

async function query(url: string, sql: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function transit(stack: RunningStack, path: string, body: object, token = stack.vaultToken) {
  const response = await fetch(`${stack.vaultAddr}/v1/${path}`, {
    method: 'POST',
    headers: { 'X-Vault-Token': token },
    body: JSON.stringify(body),
  });
  const parsed = z
    .object({ data: z.record(z.string(), z.unknown()).optional() })
    .parse(await response.json());
  return { status: response.status, data: parsed.data ?? {} };
}

async function withTemporal<T>(stack: RunningStack, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
