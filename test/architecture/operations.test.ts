import { describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../src/config.ts';
import {
  backgroundTimeoutOf,
  blockableOperations,
  callOperations,
  callSources,
  keyNeededBy,
  longestStartToCloseMs,
  modelFields,
  operations,
  providers,
} from '../../src/domain/operations.ts';
import { effectiveAnthropicModels } from '../../src/llm-config/models.ts';
import { settingsFields } from '../../src/llm-config/settings-store.ts';
import { bookkeeping, providerCall } from '../../workflows/policies.ts';
import { readSource, sourceFiles } from './house.ts';

const worker = {
  DATABASE_URL: 'postgres://a:b@localhost/c',
  VAULT_ADDR: 'http://localhost:8200',
  VAULT_TOKEN: 'token',
};

describe.each(callOperations)('the operation %s', (operation) => {
  const { provider, modelField, interactive, background, startToCloseMs } = operations[operation];

  it('names a provider and a model that a tenant can set', () => {
    expect(providers).toContain(provider);
    expect(settingsFields).toContain(modelField);
  });

  it('gives an attempt in a workflow less time than the activity around it has', () => {
    expect(background.defaultMs).toBeLessThanOrEqual(background.maxMs);
    expect(background.maxMs).toBeLessThan(startToCloseMs);
    expect(interactive.defaultMs).toBeLessThan(background.defaultMs);
  });
});

describe('the table of operations', () => {
  it('gives the configuration its defaults and bounds', () => {
    const { interactive, background } = operations.embedding;
    expect(environmentWith({})).toMatchObject({
      environment: {
        EMBEDDING_TIMEOUT_MS: interactive.defaultMs,
        EMBEDDING_WORKFLOW_TIMEOUT_MS: background.defaultMs,
      },
    });
    const workflowTimeout = (ms: number) =>
      environmentWith({ EMBEDDING_WORKFLOW_TIMEOUT_MS: String(ms) }).kind;
    expect(workflowTimeout(background.maxMs)).toBe('ok');
    expect(workflowTimeout(background.maxMs + 1)).toBe('invalid');
  });

  it('gives an answer of a model its own time, and no operation more than its activity has', () => {
    const { background } = operations.extraction;
    expect(environmentWith({})).toMatchObject({
      environment: { ANTHROPIC_WORKFLOW_TIMEOUT_MS: background.defaultMs },
    });
    const timeout = (ms: number) => environmentWith({ ANTHROPIC_WORKFLOW_TIMEOUT_MS: String(ms) }).kind;
    expect([timeout(background.maxMs), timeout(background.maxMs + 1)]).toEqual(['ok', 'invalid']);
    const timeoutOf = backgroundTimeoutOf({ embedding: 30_000, anthropic: background.maxMs });
    expect(callOperations.map((operation) => [operation, timeoutOf(operation)])).toEqual([
      ['embedding', 30_000],
      ['rerank', 30_000],
      ['extraction', 150_000],
      ['classification', 40_000],
      ['merge', 150_000],
      ['verification', 40_000],
    ]);
    expect(longestStartToCloseMs).toBe(operations.extraction.startToCloseMs);
  });

  it('gives the workflows their time-out of the provider call', () => {
    expect(providerCall.startToCloseTimeout).toBe(operations.embedding.startToCloseMs);
    expect(bookkeeping.startToCloseTimeout).not.toBe(operations.embedding.startToCloseMs);
  });

  it('names every model that a tenant can set, and no other', () => {
    const own = { extraction_model: 'b', classification_model: 'c', merge_model: 'd' };
    expect(
      ['embedding_model', 'rerank_model', ...Object.keys(effectiveAnthropicModels(own))].toSorted(),
    ).toEqual([...modelFields].toSorted());
    expect(new Set(callOperations.map((operation) => operations[operation].modelField))).toEqual(
      new Set(modelFields),
    );
  });

  it('names the providers and sources that the database takes', () => {
    const schema = readSource('docs/schema.sql');
    const calls = /CREATE TABLE public\.provider_calls[\s\S]*?\n\);/.exec(schema)?.[0] ?? '';
    for (const name of [...providers, ...callSources]) expect(calls).toContain(`'${name}'`);
    expect(calls.match(/'[a-z_]+'::text/g)).toHaveLength(providers.length + callSources.length);
  });

  it('says whose key each operation needs that can be blocked', () => {
    expect(blockableOperations.map((operation) => keyNeededBy[operation])).toEqual([
      'embedding',
      'embedding',
      'anthropic',
      'anthropic',
      'anthropic',
    ]);
  });

  it('is the only list of operations', () => {
    const lists = sourceFiles
      .filter((file) => file !== 'src/domain/operations.ts' && !file.startsWith('migrations/'))
      .filter((file) =>
        /'(extraction|classification|merge)',\s*'(extraction|classification|merge)'|'verification',\s*'|45_000|\b(embedding|search|extraction): '(embedding|anthropic)'/.test(
          readSource(file),
        ),
      );
    expect(lists).toEqual([]);
  });
});

function environmentWith(variables: Readonly<Record<string, string>>) {
  return parseEnvironment('worker', { ...worker, ...variables });
}
