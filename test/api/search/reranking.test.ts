import { describe, expect } from 'vitest';
import { twinKey } from '../../support/provider-twin.ts';
import {
  chooseVendor,
  factsOfReranking,
  type RerankVendorName,
  scoring,
  turningAround,
} from './rerank-facts.ts';

const it = factsOfReranking();

describe('a search with rerank', () => {
  it('has the order of the reranker', async ({ reranking, twin, key }) => {
    await reranking.writePumps(4);
    const plain = await reranking.search({ rerank: 'false' });
    expect(plain.meta).toMatchObject({ reranked: false, rerank_reason: null });
    expect(twin.callsOf(key)).toEqual([]);

    twin.script(key, [scoring(0.2, 0.9, 0.1, 0.5)]);
    const { titles, meta, body } = await reranking.search();
    expect(titles).toEqual([1, 3, 0, 2].map((place) => plain.titles[place]));
    expect(meta).toMatchObject({ reranked: true, rerank_reason: null, who: null, next_step: null });
    // Scores and ranks are those of the order before.
    expect(body.data.map(({ ranks }: { ranks: { keyword: number } }) => ranks.keyword)).toEqual([2, 4, 1, 3]);
  });

  it.for(['cohere', 'voyage', 'jina'] as const satisfies RerankVendorName[])(
    'asks %s on the tenant’s own key and its default model, and nobody else',
    async (vendor, { service, tenant, reranking, twin, key }) => {
      await chooseVendor(service, tenant, twin, key, vendor);
      await reranking.write('Greasing', 'A long text on the pump that is about much else. '.repeat(8));
      await reranking.write('Lubricating the pump', 'Weekly.');
      const before = twin.calls.length;
      const { titles, meta } = await reranking.search({ q: 'lubricating pump' });
      expect(meta).toMatchObject({ reranked: true });
      expect(titles[0]).toBe('Lubricating the pump');
      const calls = twin.calls.slice(before);
      expect(calls.map(({ apiKey }) => apiKey)).toEqual([key]);
      expect(calls[0]?.url).toMatch(/\/rerank$/);
      const models = { cohere: 'rerank-v4.0-fast', voyage: 'rerank-2.5', jina: 'jina-reranker-v3' };
      expect(calls[0]?.model).toBe(models[vendor]);
    },
  );

  it('sends the title and the passage of each hit, fifty at most, and puts the others behind', async ({
    reranking,
    twin,
    key,
  }) => {
    await reranking.writePumps(55);
    twin.script(key, [turningAround]);
    const plain = await reranking.search({ rerank: 'false', limit: '55' });
    const { titles } = await reranking.search({ limit: '55' });
    const [call] = twin.callsOf(key);
    expect(call?.inputs).toHaveLength(50);
    expect(call?.inputs[0]).toContain(plain.titles[0]);
    expect(call?.inputs[0]).toContain('pump. More about it.');
    expect(call?.inputs[0]).not.toContain('<mark>');
    const first = plain.titles.slice(0, 50).toReversed();
    expect(titles).toEqual([...first, ...plain.titles.slice(50)]);
  });

  it('lifts a hit onto the page that was beyond it', async ({ reranking, twin, key }) => {
    await reranking.writePumps(8);
    const plain = await reranking.search({ rerank: 'false' });
    twin.script(key, [turningAround]);
    const { titles } = await reranking.search({ limit: '2' });
    expect(titles).toEqual(plain.titles.toReversed().slice(0, 2));
    expect(twin.callsOf(key)[0]?.inputs).toHaveLength(8);
  });

  it('sends the chunk that a vector has found', async ({ reranking, twin, key }) => {
    await reranking.embed('Feeding the office cat', `${'It eats at nine. '.repeat(10)}Never milk.`);
    await reranking.embed('Restarting the printer', 'Paper first.');
    const { meta } = await reranking.search({ q: 'does it eat fish', mode: 'hybrid' });
    expect(meta).toMatchObject({ reranked: true, fallback: false, served_mode: 'hybrid' });
    const texts = twin.callsOf(key).at(-1)?.inputs ?? [];
    expect(texts.find((text) => text.startsWith('Feeding'))).toContain('Never milk.');
  });

  it('keeps the hits that the reranker leaves out behind those that it scores', async ({
    reranking,
    twin,
    key,
  }) => {
    await reranking.writePumps(4);
    const plain = await reranking.search({ rerank: 'false' });
    const body = '{"data":[{"index":3,"relevance_score":0.1}],"usage":{"total_tokens":5}}';
    twin.script(key, [{ kind: 'raw', body }]);
    const { titles } = await reranking.search();
    expect(titles).toEqual([3, 0, 1, 2].map((place) => plain.titles[place]));
  });

  it('asks for nothing with a single hit', async ({ reranking, twin, key }) => {
    await reranking.writePumps(1);
    const { titles, meta } = await reranking.search();
    expect([titles.length, meta.reranked, meta.rerank_reason]).toEqual([1, false, null]);
    expect(twin.callsOf(key)).toEqual([]);
  });

  it('takes true and false alone', async ({ service, reranking }) => {
    const path = '/knowledge/search?q=pump&rerank=yes';
    const { status, body } = await service.call(reranking.keys.agent, 'GET', path);
    expect([status, body.errors?.[0]?.path]).toEqual([422, 'rerank']);
  });

  it('gives context in the same order', async ({ service, reranking, twin, key }) => {
    await reranking.writePumps(3);
    const plain = await reranking.search({ rerank: 'false' });
    twin.script(key, [turningAround]);
    const path = '/knowledge/context?q=pump&mode=keyword&rerank=true&limit=2';
    const { body } = await service.call(reranking.keys.agent, 'GET', path);
    expect(body.meta).toMatchObject({ reranked: true });
    expect(body.data.map(({ title }: { title: string }) => title)).toEqual(
      plain.titles.toReversed().slice(0, 2),
    );
  });
});

describe('the pages of a search with rerank', () => {
  it.for(['keyword', 'hybrid', 'semantic'])(
    'repeat no article and lose none: %s',
    async (mode, { reranking, twin, key }) => {
      for (let i = 0; i < 23; i += 1)
        await reranking.embed(`Pump ${i}`, `The pump. ${'More. '.repeat(i % 7)}`);
      twin.script(key, [], turningAroundRerankOnly);
      const seen: string[] = [];
      let cursor: string | null = null;
      let pages = 0;
      do {
        const page = await reranking.search({ mode, limit: '5', ...(cursor === null ? {} : { cursor }) });
        expect(page.meta).toMatchObject({ reranked: page.titles.length > 1 || pages < 4, served_mode: mode });
        seen.push(...page.titles);
        cursor = page.meta.next_cursor;
        pages += 1;
      } while (cursor !== null && pages < 20);
      expect(seen).toHaveLength(23);
      expect(new Set(seen).size).toBe(23);
      expect(pages).toBe(5);
    },
  );

  it('repeat none when the reranker fails on one of them', async ({ reranking, twin, key }) => {
    await reranking.writePumps(14);
    const seen: string[] = [];
    let cursor: string | null = null;
    for (const step of [
      turningAround,
      { kind: 'status', status: 402 },
      turningAround,
      turningAround,
    ] as const) {
      twin.script(key, [step]);
      const page = await reranking.search({ limit: '4', ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.titles);
      cursor = page.meta.next_cursor;
    }
    expect(cursor).toBeNull();
    expect(new Set(seen).size).toBe(14);
    expect(seen).toHaveLength(14);
  });

  it('are those of no search without it', async ({ service, reranking }) => {
    await reranking.writePumps(4);
    const { meta } = await reranking.search({ limit: '2' });
    const path = `/knowledge/search?q=pump&mode=keyword&limit=2&cursor=${meta.next_cursor}`;
    const { status, body } = await service.call(reranking.keys.agent, 'GET', path);
    expect([status, body.errors?.[0]?.path]).toEqual([422, 'cursor']);
  });
});

describe('the same search', () => {
  it('a moment later and at the same time is one call and one row of the ledger', async ({
    service,
    reranking,
    twin,
    key,
  }) => {
    await reranking.writePumps(3);
    const answers = await Promise.all(Array.from({ length: 5 }, () => reranking.search()));
    answers.push(await reranking.search());
    expect(new Set(answers.map(({ titles }) => titles.join())).size).toBe(1);
    expect(twin.callsOf(key)).toHaveLength(1);
    const path = '/knowledge/llm-usage?group_by=operation,source,model';
    const { body } = await service.call(reranking.keys.orchestrator, 'GET', path);
    expect(body.data ?? body.rows).toEqual([
      expect.objectContaining({ operation: 'rerank', source: 'search', model: 'rerank-2.5', calls: 1 }),
    ]);
  });

  it('with another key is asked anew, and by another tenant on its own', async ({
    service,
    tenant,
    reranking,
    twin,
    key,
  }) => {
    await reranking.writePumps(3);
    await reranking.search();
    const other = twinKey();
    await chooseVendor(service, tenant, twin, other);
    expect((await reranking.search()).meta).toMatchObject({ reranked: true });
    expect([twin.callsOf(key).length, twin.callsOf(other).length]).toEqual([1, 1]);
  });
});

/** Turns around the texts of reranking, and embeds those of embeddings. */
const turningAroundRerankOnly = {
  kind: 'by',
  step: (texts: readonly string[]) =>
    texts.some((text) => text.startsWith('Pump'))
      ? scoring(...texts.map((_, index) => index))
      : ({ kind: 'ok' } as const),
} as const;
