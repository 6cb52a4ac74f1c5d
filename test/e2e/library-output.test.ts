import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { canaryKey } from '../faults/canaries.ts';
import { createPieceFinder } from '../faults/find-pieces.ts';
import { readAnswer } from '../support/answer.ts';
import { factsOfServices } from '../support/fixtures.ts';
import { startMainProcess } from '../support/main-process.ts';
import { eventually } from '../support/running-service.ts';
import type { TestServices } from '../support/test-services.ts';

// The processes as an operator starts them who looks for an error and sets every debugging switch there is.
const it = factsOfServices(() => ({
  EMBEDDING_DEFAULT_MODEL: 'twin-model',
  TEMPORAL_ADDRESS: inject('temporalAddress'),
})).extend('dir', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await mkdtemp(join(tmpdir(), 'lorekeep-output-'));
  onCleanup(() => rm(dir, { recursive: true, force: true }));
  return dir;
});

it('logs no key, no token of Vault and no article with every debugging switch set, in API and worker', async ({
  twin,
  test,
  dir,
  onTestFinished,
}) => {
  const env = { ...switches, ...variablesOf(test), EMBEDDING_BASE_URL: twin.baseUrl };
  const api = await startMainProcess({ name: 'api', dir, env });
  onTestFinished(() => api.stop());
  const worker = await startMainProcess({ name: 'worker', dir, env });
  onTestFinished(() => worker.stop());
  const tenant = await test.createTenant();
  const secrets = { key: canaryKey(), title: canaryKey(), body: canaryKey(), query: canaryKey() };

  const call = callerOf(api.url);
  await call(tenant.keys.user, 'PATCH', '/tenants/me/llm-config', { embedding_api_key: secrets.key });
  const { body } = await call(tenant.keys.agent, 'POST', '/articles', {
    ...{ title: secrets.title, body: secrets.body, category: 'finding', force: true },
  });
  await eventually(async () => {
    const read = await call(tenant.keys.agent, 'GET', `/articles/${body.data.id}`);
    return read.body.data.embedding.status === 'embedded' ? true : undefined;
  });
  await call(tenant.keys.agent, 'GET', `/knowledge/search?q=${secrets.query}`);
  expect(await api.terminate()).toMatchObject({ reason: 'ended with code 0' });
  expect(await worker.terminate()).toMatchObject({ reason: 'ended with code 0' });

  for (const log of [await api.readLog(), await worker.readLog()]) {
    expect(
      findSecrets(log, [...Object.values(secrets), ...Object.values(tenant.keys), ...passwords(test)]),
    ).toEqual([]);
    // What Node.js prints before our first line is about files only.
    const lines = linesOf(log).slice(linesOf(log).findIndex(isJson));
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.filter((line) => !isJson(line))).toEqual([]);
    expect(lines.map((line) => JSON.parse(line).ignored).find(Boolean)).toEqual(ignored);
  }
}, 240_000);

it('prints no login and no token with every debugging switch set, in any command', async ({ test, dir }) => {
  const env = { ...switches, ...variablesOf(test), HOME: dir, DATABASE_OWNER_URL: test.db.ownerUrl };
  const admin = await runCommand('admin', ['create-tenant', '--slug', 'with-debug', '--name', 'x'], env);
  const commands = [
    await runCommand('migrate', [], env),
    { ...admin, output: admin.output.replace(/lk_\w+/g, 'the key that it is to print') },
    await runCommand('temporal-setup', [], env),
    // The run's login may not set Vault up. The refusal is of interest too.
    { ...(await runCommand('vault-setup', [], env)), code: 0 },
  ];
  for (const { code, output } of commands) {
    expect([code, findSecrets(output, passwords(test))]).toEqual([0, []]);
    expect(output).toContain('"ignored":');
  }
  expect(commands.at(-1)?.output).toContain('Vault refused');
}, 240_000);

/** Switches of Node.js, of our libraries, and of libraries that we may have one day. */
const switches = {
  DEBUG: '*',
  NODE_DEBUG: '*',
  NODE_DEBUG_NATIVE: 'http2,tls',
  NODE_OPTIONS: '--trace-tls',
  OPENAI_LOG: 'debug',
  ANTHROPIC_LOG: 'debug',
  GRPC_TRACE: 'all',
  GRPC_VERBOSITY: 'DEBUG',
  RUST_LOG: 'trace',
  LOG_LEVEL: 'trace',
};

/** As the log names them. LOG_LEVEL is our own. */
const ignored = [
  '--trace-tls',
  ...Object.keys(switches).filter((name) => !['NODE_OPTIONS', 'LOG_LEVEL'].includes(name)),
].toSorted();

const variablesOf = ({ db, environment }: TestServices) => ({
  DATABASE_URL: db.applicationUrl,
  EMBEDDING_DEFAULT_MODEL: 'twin-model',
  TEMPORAL_ADDRESS: inject('temporalAddress'),
  TEMPORAL_TASK_QUEUE: environment.TEMPORAL_TASK_QUEUE,
  VAULT_ADDR: inject('vaultAddr'),
  VAULT_TOKEN: inject('vaultToken'),
  VAULT_TRANSIT_MOUNT: inject('vaultTransitMount'),
  VAULT_TRANSIT_KEY: inject('vaultTransitKey'),
});

const passwords = ({ db }: TestServices) => [
  inject('vaultToken'),
  ...[db.applicationUrl, db.ownerUrl].map((url) => new URL(url).password).filter((word) => word !== ''),
];

const findSecrets = (text: string, secrets: readonly string[]) =>
  createPieceFinder(secrets)
    .find(text)
    .map(({ piece }) => piece);

const linesOf = (log: string) => log.split('\n').filter((line) => line !== '');

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

const callerOf = (url: string) => async (key: string, method: string, path: string, body?: unknown) =>
  readAnswer(
    await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );

const root = join(import.meta.dirname, '..', '..');

/** Runs a command as its npm script does. Returns everything that it printed. */
function runCommand(name: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    const child = spawn(process.execPath, ['--import', './scripts/tsx.mjs', `src/main/${name}.ts`, ...args], {
      cwd: root,
      env: { PATH: process.env.PATH, ...env },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('close', (code) => resolve({ code, output }));
  });
}
