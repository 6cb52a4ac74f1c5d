import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import type { EmbeddedAtOnce, UnusableAnswer } from '../../src/domain/embed-article.ts';
import { factsOfWorkflows } from '../support/fixtures.ts';
import type { WorkflowTest } from '../support/workflow-environment.ts';
import { fakes, sequence, startEmbedArticle } from '../support/workflow-fakes.ts';

const it = factsOfWorkflows();
it.beforeAll(({ test }) => void test);

type Answer = EmbeddedAtOnce | UnusableAnswer;
const embedded: Answer = { kind: 'embedded', model: 'm', chunks: 1, inputTokens: 5 };
const key = { provider: 'embedding', model: 'm', keyVersion: 1, targetId: 't' } as const;
const steps = ['resolveEmbeddingKey', 'checkContentHash', 'generateEmbedding', 'recordUsage'];

describe('an article that is tried at once', () => {
  it('takes one step, and thirteen events', async ({ test }) => {
    const { calls, result, events } = await run(test, { embedArticle: async () => embedded });
    expect(calls).toEqual(['embedArticle']);
    expect(result).toEqual({ outcome: 'embedded', model: 'm', chunks: 1, input_tokens: 5 });
    expect(events).toBe(13);
  });

  it.for([
    [{ kind: 'no_api_key' }, { outcome: 'skipped', reason: 'no_api_key' }],
    [{ kind: 'not_published' }, { outcome: 'skipped', reason: 'not_published' }],
    [{ kind: 'gone' }, { outcome: 'gone' }],
    [
      { kind: 'unchanged', model: 'm', chunks: 3 },
      { outcome: 'unchanged', model: 'm', chunks: 3 },
    ],
  ] as const)('ends with the answer %o', async ([answer, expected], { test }) => {
    const { calls, result } = await run(test, { embedArticle: async () => answer });
    expect(calls).toEqual(['embedArticle']);
    expect(result).toEqual(expected);
  });

  it('asks again for a slot, and for chunks that others buy', async ({ test }) => {
    const { calls } = await run(test, {
      embedArticle: sequence<Answer>(
        { kind: 'busy', retryInMs: 1_000 },
        { kind: 'claimed', retryInMs: 1_000 },
        embedded,
      ),
    });
    expect(calls).toEqual(['embedArticle', 'embedArticle', 'embedArticle']);
  });

  it('goes on step by step after the first batch, and counts its tokens', async ({ test }) => {
    const { calls, result } = await run(test, {
      embedArticle: async () => ({ kind: 'more', inputTokens: 9 }),
    });
    expect(calls).toEqual(['embedArticle', ...steps]);
    expect(result).toMatchObject({ outcome: 'embedded', input_tokens: 14 });
  });

  it('goes on step by step after a wait for the provider, which counts as a try', async ({ test }) => {
    const tries: unknown[] = [];
    const { calls } = await run(test, {
      embedArticle: async () => ({ kind: 'waits', code: 'provider_unavailable', retryInMs: 2_000 }),
      async generateEmbedding(input) {
        tries.push(input.tries);
        return { kind: 'embedded', chunks: 1, inputTokens: 5 };
      },
    });
    expect(calls).toEqual(['embedArticle', ...steps]);
    expect(tries).toEqual([1]);
  });

  it('is not asked for again where its answer cannot be used, for a signal that changes nothing', async ({
    test,
  }) => {
    let signal: () => Promise<unknown> = async () => undefined;
    const { calls, given, result } = await run(
      test,
      {
        async embedArticle() {
          await signal();
          return { kind: 'unusable', key, contentHash: 'h' };
        },
      },
      (again) => {
        signal = again;
      },
    );
    expect(calls.filter((call) => call === 'generateEmbedding')).toEqual([]);
    expect(given).toEqual(['malformed_response']);
    expect(result).toBeUndefined();
  });
});

/** Runs the workflow of a new article to its end. */
async function run(
  test: WorkflowTest,
  replaced: Partial<Activities>,
  onStart: (again: () => Promise<unknown>) => void = () => undefined,
) {
  const { activities, calls, given } = fakes(replaced);
  const input = { tenantId: randomUUID(), articleId: randomUUID(), atOnce: true } as const;
  return test.withActivities(activities, async (queue) => {
    onStart(() => startEmbedArticle(test, queue, input));
    const handle = await startEmbedArticle(test, queue, input);
    const result = await handle.result().catch(() => undefined);
    const { events } = await handle.fetchHistory();
    return { calls, given, result, events: events?.length };
  });
}
