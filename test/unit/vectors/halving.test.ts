import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextBatch } from '../../../src/vectors/refusals/next-batch.ts';
import {
  afterPass,
  afterRefusal,
  isRejected,
  type Refusal,
  type RefusalCause,
} from '../../../src/vectors/refusals/refusal.ts';

describe('a batch with guilty texts', () => {
  it('ends with exactly the others embedded, within 1 + 2·k·⌈log2 n⌉ calls', () => {
    fc.assert(
      fc.property(guiltyTexts, ({ size, guilty }) => {
        const ended = send(article(size), { guilty, batch: size });
        expect(ended.embedded).toEqual(article(size).filter((hash) => !guilty.has(hash)));
        expect(ended.rejected).toEqual([...guilty].toSorted());
        expect(ended.calls).toBeLessThanOrEqual(1 + 2 * guilty.size * Math.ceil(Math.log2(size)));
        expect(ended.limits.maxChunks).toBe(size);
      }),
    );
  });

  it('in each of its batches costs no more than that for each of them', () => {
    fc.assert(
      fc.property(guiltyTexts, fc.integer({ min: 1, max: 64 }), ({ size, guilty }, batch) => {
        const ended = send(article(size), { guilty, batch });
        expect(ended.embedded).toEqual(article(size).filter((hash) => !guilty.has(hash)));
        const halvings = Math.ceil(Math.log2(Math.min(size, batch)));
        expect(ended.calls).toBeLessThanOrEqual(Math.ceil(size / batch) + 2 * guilty.size * halvings);
      }),
    );
  });

  it('on which the server fails ends with the others embedded, within four calls more for each and two at first', () => {
    fc.assert(
      fc.property(guiltyTexts, ({ size, guilty }) => {
        const ended = send(article(size), { guilty, batch: size, cause: 'server_error' });
        expect(ended.embedded).toEqual(article(size).filter((hash) => !guilty.has(hash)));
        expect(ended.rejected).toEqual([...guilty].toSorted());
        const halvings = Math.ceil(Math.log2(size));
        expect(ended.calls).toBeLessThanOrEqual(3 + 2 * guilty.size * halvings + 4 * guilty.size);
      }),
    );
  });

  it('is neither divided nor rejected while the server fails on everything', () => {
    const rows = new Map<string, Refusal>();
    for (let call = 0; call < 20; call += 1) {
      const { chunks } = nextBatch(textsOf(article(8)), rows, { maxChunks: 8, maxTokens: null }, tokensOf);
      expect(chunks).toHaveLength(8);
      const refused = { cause: 'server_error', groupId: String(call), isWell: false } as const;
      for (const [hash, row] of afterRefusal(rows, hashesOf(chunks), refused)) rows.set(hash, row);
    }
  });
});

describe('a limit of the size of a request', () => {
  it.for(['too_many_inputs', 'input'] as const)(
    'that is refused as %s is found within 2·⌈n/limit⌉ + ⌈log2 n⌉ calls, and once for all articles',
    (cause) => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 64 }), (size, limit) => {
          const batch = 64;
          const ended = send(article(size), { maxInputs: limit, batch, cause });
          expect(ended.embedded).toEqual(article(size));
          expect(ended.rejected).toEqual([]);
          const halvings = Math.ceil(Math.log2(Math.min(size, batch)));
          expect(ended.calls).toBeLessThanOrEqual(2 * Math.ceil(size / Math.min(limit, batch)) + halvings);
          expect(ended.limits.maxChunks).toBe(size > limit ? Math.min(batch, ended.limits.maxChunks) : batch);
          if (Math.min(size, batch) <= limit) return;
          const next = send(article(size, 'b'), { maxInputs: limit, batch: ended.limits.maxChunks, cause });
          expect([next.refusals, next.embedded.length]).toEqual([0, size]);
        }),
      );
    },
  );

  it('in tokens is found with texts of any length', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(lengths, (all) => {
        const hashes = all.map((length, i) => `${String(i).padStart(3, '0')}${'x'.repeat(length)}`);
        const ended = send(hashes, { maxTokens: 503, batch: 64, cause: 'too_many_tokens' });
        expect([ended.embedded, ended.rejected]).toEqual([hashes, []]);
      }),
    );
  });

  it('in tokens is not learned from a text that is too long alone, and no smaller one is', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 100, max: 2_000 }), (all, maxTokens) => {
        const hashes = all.map((length, i) => `${String(i).padStart(3, '0')}${'x'.repeat(length)}`);
        const guilty = new Set(hashes.filter((text) => tokensOf(text) > 300));
        const limited = { guilty, maxTokens, batch: 64, cause: 'too_many_tokens' } as const;
        const learned = send(hashes, limited).limits.maxTokens;
        if (learned !== null) expect(learned).toBeGreaterThan(maxTokens / 2 - 1);
        const unlimited = send(hashes, { ...limited, maxTokens: 1_000_000 });
        expect(unlimited.limits).toEqual({ maxChunks: 64, maxTokens: null });
      }),
    );
  });

  it.for(['too_many_inputs', 'input'] as const)(
    'is found beside guilty texts (%s), and no smaller one is',
    (cause) => {
      fc.assert(
        fc.property(guiltyTexts, fc.integer({ min: 1, max: 64 }), ({ size, guilty }, limit) => {
          const ended = send(article(size), { guilty, maxInputs: limit, batch: 64, cause });
          expect(ended.embedded).toEqual(article(size).filter((hash) => !guilty.has(hash)));
          expect(ended.rejected).toEqual([...guilty].toSorted());
          if (ended.limits.maxChunks < 64) expect(ended.limits.maxChunks).toBeGreaterThan(limit / 2 - 1);
        }),
      );
    },
  );
});

const article = (size: number, name = 'a') =>
  Array.from({ length: size }, (_, i) => `${name}${String(i).padStart(3, '0')}`);

const guiltyTexts = fc.integer({ min: 1, max: 64 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    guilty: fc.subarray(article(size)).map((hashes): ReadonlySet<string> => new Set(hashes)),
  }),
);

const textsOf = (hashes: readonly string[]) => hashes.map((hash) => ({ hash, input: hash }));
const hashesOf = (chunks: readonly { readonly hash: string }[]) => chunks.map(({ hash }) => hash);
const tokensOf = (text: string) => text.length;

/** Sends the texts until each has passed or is rejected. The provider refuses guilty texts and batches above its limits. */
function send(
  hashes: readonly string[],
  provider: {
    readonly guilty?: ReadonlySet<string>;
    readonly maxInputs?: number;
    readonly maxTokens?: number;
    readonly cause?: RefusalCause;
    readonly batch: number;
  },
) {
  const { guilty = new Set(), maxInputs = 1_000, maxTokens = 1_000_000, cause = 'input' } = provider;
  const rows = new Map<string, Refusal>();
  const embedded: string[] = [];
  const limits: { maxChunks: number; maxTokens: number | null } = {
    maxChunks: provider.batch,
    maxTokens: null,
  };
  let calls = 0;
  let refusals = 0;
  let sinceAnswer = 0;
  let answeredAt = 0;
  // As the rows keep it: when a chunk has failed first; of one that is sent alone, when last.
  const failingSince = new Map<string, number>();
  for (;;) {
    const lacking = textsOf(hashes.filter((hash) => !embedded.includes(hash)));
    const { chunks, failures } = nextBatch(lacking, rows, limits, tokensOf);
    if (chunks.length === 0) break;
    const since = Math.min(...chunks.map(({ hash }) => failingSince.get(hash) ?? 0));
    const isWell = failures > 0 && sinceAnswer < 3 && answeredAt > since;
    calls += 1;
    if (calls > 10_000) throw new Error('the texts are sent without end');
    if (failures >= 2 && !isWell) {
      // A plain text, which passes.
      sinceAnswer = 0;
      answeredAt = calls;
      continue;
    }
    const sent = hashesOf(chunks);
    const tokens = sent.reduce((sum, text) => sum + tokensOf(text), 0);
    if (sent.length > maxInputs || tokens > maxTokens || sent.some((hash) => guilty.has(hash))) {
      refusals += 1;
      sinceAnswer += 1;
      const refused = { cause, groupId: String(calls), isWell };
      for (const [hash, row] of afterRefusal(rows, sent, refused)) {
        const known = rows.get(hash);
        const isLater = known !== undefined && row.failures > known.failures && row.largestBatch === 1;
        if (row.failures > 0 && (isLater || !failingSince.has(hash))) failingSince.set(hash, calls);
        rows.set(hash, row);
      }
      continue;
    }
    sinceAnswer = 0;
    answeredAt = calls;
    embedded.push(...sent);
    const { changed, learned } = afterPass(rows, sent, tokens);
    for (const hash of sent) rows.delete(hash);
    for (const [hash, row] of changed) rows.set(hash, row);
    if (learned?.of === 'inputs') limits.maxChunks = Math.min(limits.maxChunks, learned.most);
    if (learned?.of === 'tokens') limits.maxTokens = Math.min(limits.maxTokens ?? learned.most, learned.most);
  }
  const rejected = [...rows].filter(([, row]) => isRejected(row)).map(([hash]) => hash);
  return {
    embedded: embedded.toSorted(),
    rejected: rejected.toSorted(),
    ...{ calls, refusals, limits },
  };
}
