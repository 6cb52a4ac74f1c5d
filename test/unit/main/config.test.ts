import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type environmentSchemas, parseEnvironment } from '../../../src/config.ts';
import { operations } from '../../../src/domain/operations.ts';

const complete = {
  DATABASE_URL: 'postgres://app@localhost/lorekeep',
  VAULT_ADDR: 'http://localhost:8200',
  VAULT_TOKEN: 'a token',
};

type Process = keyof typeof environmentSchemas;

describe('an environment', () => {
  it('is complete with what has no default', () => {
    expect(parseEnvironment('api', complete)).toMatchObject({
      kind: 'ok',
      environment: {
        PORT: 4000,
        EMBEDDING_TIMEOUT_MS: 4_000,
        GUARD_TIMEOUT_MS: 5_000,
        GATE_MAX_CHUNKS: 16,
        TEMPORAL_TLS: false,
      },
    });
  });

  it.each([
    ['http://127.0.0.1:8300/v1//', 'http://127.0.0.1:8300/v1'],
    ['https://API.example/v1/embeddings', 'https://api.example/v1'],
    [
      'https://contoso.openai.azure.com/openai/deployments/d?api-version=2024-10-21',
      'https://contoso.openai.azure.com/openai/deployments/d?api-version=2024-10-21',
    ],
  ])('has the address %s in its normal form', (given, normal) => {
    const environment = {
      ...complete,
      EMBEDDING_BASE_URL: given,
      EMBEDDING_DEFAULT_MODEL: '@cf/baai/bge-m3+1',
    };
    expect(parseEnvironment('api', environment)).toMatchObject({
      kind: 'ok',
      environment: { EMBEDDING_BASE_URL: normal, PROVIDER_URLS: 'public' },
    });
  });

  it.each(['https://user:word@api.example/v1', 'https://api.example/v1?key=1', 'https://api.example/v1#x'])(
    'cannot have the address %s',
    (given) => {
      expect(namedIn('api', { ...complete, EMBEDDING_BASE_URL: given })).toEqual(['EMBEDDING_BASE_URL']);
    },
  );

  it.each<[Process, string[]]>([
    ['api', ['DATABASE_URL', 'VAULT_ADDR', 'VAULT_TOKEN']],
    ['worker', ['DATABASE_URL', 'VAULT_ADDR', 'VAULT_TOKEN']],
    ['migrate', ['DATABASE_OWNER_URL', 'DATABASE_URL']],
    ['mcp', ['LOREKEEP_API_KEY', 'LOREKEEP_API_URL']],
    ['admin', ['DATABASE_OWNER_URL']],
    ['temporal:setup', []],
    ['vault:setup', ['VAULT_ADDR', 'VAULT_TOKEN']],
  ])('of %s is asked for what it cannot do without, and for nothing else', (process, required) => {
    expect(namedIn(process, {})).toEqual(required);
  });

  it('names every problem at once, of single variables and of several together, and prints no value', () => {
    const canary = 'canary-7c1e';
    const parsed = parseEnvironment('worker', {
      DATABASE_URL: `mysql://${canary}@h/d`,
      VAULT_ADDR: canary,
      TEMPORAL_TLS: canary,
      METRICS_PORT: canary,
      LOG_LEVEL: canary,
      EMBEDDING_BASE_URL: `ftp://${canary}`,
      EMBEDDING_DEFAULT_MODEL: `${canary} with blanks`,
      EMBEDDING_TIMEOUT_MS: '5000',
      BREAKER_FAILURES: `1${canary}`,
      WORKER_MAX_ACTIVITIES: '0',
      VAULT_ROLE_ID: canary,
    });
    if (parsed.kind === 'ok') throw new Error('it passed');
    expect(parsed.problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'BREAKER_FAILURES',
      'DATABASE_URL',
      'EMBEDDING_BASE_URL',
      'EMBEDDING_DEFAULT_MODEL',
      'EMBEDDING_TIMEOUT_MS',
      'LOG_LEVEL',
      'METRICS_PORT',
      'TEMPORAL_TLS',
      'VAULT_ADDR',
      'VAULT_TOKEN',
      'WORKER_MAX_ACTIVITIES',
    ]);
    expect(parsed.problems.join('\n')).not.toContain(canary);
  });

  it('says which numbers and words are allowed', () => {
    const given = { ...complete, PORT: 'x', LOG_LEVEL: 'loud', TEMPORAL_TLS: 'yes' };
    const parsed = parseEnvironment('api', given);
    expect(parsed.kind === 'invalid' ? parsed.problems : []).toEqual([
      'LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent',
      'TEMPORAL_TLS: must be one of true, false, 1, 0',
      'PORT: must be a whole number from 0 to 65535',
    ]);
  });

  it('stops the process with every problem and no value', () => {
    const canary = 'canary-7c1e';
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, '..', '..', '..', 'src', 'main', 'migrate.ts')],
      { encoding: 'utf8', env: { DATABASE_URL: `mysql://${canary}`, LOG_LEVEL: canary } },
    );
    expect(status).toBe(1);
    for (const variable of ['DATABASE_URL', 'DATABASE_OWNER_URL', 'LOG_LEVEL'])
      expect(stderr).toContain(variable);
    expect(stdout + stderr).not.toContain(canary);
  });

  it('understands the address of the API with the path of its routes', () => {
    for (const LOREKEEP_API_URL of ['http://localhost:4000', 'http://localhost:4000/api/v1/']) {
      expect(parseEnvironment('mcp', { LOREKEEP_API_URL, LOREKEEP_API_KEY: 'lk_some' })).toMatchObject({
        environment: { LOREKEEP_API_URL: 'http://localhost:4000' },
      });
    }
  });

  it('names authorization servers of /mcp together with its public address', () => {
    const servers = { MCP_AUTHORIZATION_SERVERS: 'https://a.example, https://b.example/issuer' };
    expect(namedIn('api', { ...complete, ...servers })).toEqual(['MCP_PUBLIC_URL']);
    const both = { ...complete, ...servers, MCP_PUBLIC_URL: 'https://kb.example/mcp' };
    expect(parseEnvironment('api', both)).toMatchObject({
      environment: { MCP_AUTHORIZATION_SERVERS: ['https://a.example', 'https://b.example/issuer'] },
    });
    expect(namedIn('api', { ...complete, MCP_ALLOWED_ORIGINS: 'https://a.example/path' })).toEqual([
      'MCP_ALLOWED_ORIGINS',
    ]);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(apiWith({ DATABASE_URL: '' })).toEqual(['DATABASE_URL']);
    expect(apiWith({ VAULT_TOKEN: '' })).toEqual(['VAULT_TOKEN']);
    const parsed = parseEnvironment('api', { ...complete, PORT: '', ADMIN_API_KEY: '', HOST: '' });
    expect(parsed).toMatchObject({ kind: 'ok', environment: { PORT: 4000 } });
    expect(parsed).not.toHaveProperty('environment.ADMIN_API_KEY');
    expect(parsed).not.toHaveProperty('environment.HOST');
  });
});

describe('the chunks that a proposal may buy', () => {
  it.each([
    ['1', []],
    ['256', []],
    ['0', ['GATE_MAX_CHUNKS']],
    ['257', ['GATE_MAX_CHUNKS']],
    ['a few', ['GATE_MAX_CHUNKS']],
  ])('%s', (given, problems) => {
    expect(apiWith({ GATE_MAX_CHUNKS: given })).toEqual(problems);
  });
});

describe('the login to Vault', () => {
  const withoutToken = { VAULT_TOKEN: undefined };

  it('is a token, or both parts of a role', () => {
    const role = { VAULT_ROLE_ID: 'r', VAULT_SECRET_ID: 's' };
    expect(apiWith({})).toEqual([]);
    expect(apiWith({ ...withoutToken, ...role })).toEqual([]);
    expect(apiWith(role)).toEqual([]);
  });

  it.each([
    [{ VAULT_ROLE_ID: 'r' }],
    [{ VAULT_SECRET_ID: 's' }],
    [{ VAULT_ROLE_ID: 'r', VAULT_SECRET_ID: '' }],
  ])('is not %j', (half) => {
    expect(apiWith({ ...withoutToken, ...half })).toEqual(['VAULT_TOKEN']);
  });
});

describe('the time-outs', () => {
  it.each<[string, Record<string, string>]>([
    ['above that of the caller', { EMBEDDING_TIMEOUT_MS: '6001', GUARD_TIMEOUT_MS: '6000' }],
    ['the same as that of the caller', { EMBEDDING_TIMEOUT_MS: '6000', GUARD_TIMEOUT_MS: '6000' }],
    ['above the default of the caller', { EMBEDDING_TIMEOUT_MS: '6000' }],
    ['by default above that of the caller', { GUARD_TIMEOUT_MS: '3000' }],
  ])('are refused when that of one attempt is %s', (_, given) => {
    expect(apiWith(given)).toEqual(['EMBEDDING_TIMEOUT_MS']);
  });

  it('are taken when the caller waits longer', () => {
    expect(apiWith({ EMBEDDING_TIMEOUT_MS: '5999', GUARD_TIMEOUT_MS: '6000' })).toEqual([]);
  });

  it('of which one is no number are reported once', () => {
    expect(apiWith({ EMBEDDING_TIMEOUT_MS: '6000', GUARD_TIMEOUT_MS: 'soon' })).toEqual(['GUARD_TIMEOUT_MS']);
  });

  it('leave an attempt inside a workflow less than its activity has', () => {
    expect(apiWith({ EMBEDDING_WORKFLOW_TIMEOUT_MS: '40000' })).toEqual([]);
    expect(apiWith({ EMBEDDING_WORKFLOW_TIMEOUT_MS: '40001' })).toEqual(['EMBEDDING_WORKFLOW_TIMEOUT_MS']);
    expect(operations.embedding.startToCloseMs).toBeGreaterThan(40_000);
  });
});

/** The variables that the problems name, each as often as it is named. */
function namedIn(process: Process, env: Record<string, string | undefined>): string[] {
  const parsed = parseEnvironment(process, env);
  return parsed.kind === 'ok' ? [] : parsed.problems.map((problem) => problem.split(':')[0] ?? '').sort();
}

function apiWith(env: Record<string, string | undefined>) {
  return namedIn('api', { ...complete, ...env });
}
