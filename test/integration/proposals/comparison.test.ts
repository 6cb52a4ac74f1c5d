import { describe, expect } from 'vitest';
import { cutText } from '../../../src/domain/chunks.ts';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { compareProposal } from '../../../src/proposals/comparison.ts';
import type { ProposedText } from '../../../src/proposals/text.ts';
import { createProposalVectors } from '../../../src/proposals/vectors.ts';
import { aChunk } from '../../support/a-chunk.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestDatabase } from '../../support/test-database.ts';
import { createClusteredVectors, repeated } from '../vectors/clustered-vectors.ts';
import { type FilledSpace, fillSpace } from '../vectors/filled-space.ts';

const dimensions = 1536;
const it = factsOfDatabase()
  .extend('space', { scope: 'file' }, ({ db }) =>
    fillSpace(db, { dimensions, articles: 8, chunksEach: 50, vectorOf: createClusteredVectors(3) }),
  )
  .extend('proposals', ({ db, space }) => openProposals(db, space));

describe('a proposal compared with 8 articles of 50 chunks and 1,536 dimensions', () => {
  it('finds all of them up to the bound, and above it by some of its chunks', async ({
    space,
    proposals,
  }) => {
    // 244 chunks are 150 million numbers.
    for (const chunks of [244, 245]) {
      const similar = await proposals.compare(proposals.proposalOf(chunks));
      expect(similar).toHaveLength(8);
      expect(similar[0]).toMatchObject({ articleId: space.articles[0]?.id });
      expect(similar[0]?.similarity).toBeCloseTo(1, 4);
    }
  });
});

describe('an embedded proposal', () => {
  it('is cut into chunks while no transaction is open', async ({ proposals }) => {
    const read = await proposals.embed(key);
    expect(read.length).toBeGreaterThan(0);
    expect(new Set(read)).toEqual(new Set([false]));
  });

  it('is not cut at all for a tenant without a key', async ({ proposals }) => {
    expect(await proposals.embed(undefined)).toEqual([]);
  });
});

const key = {
  version: 1,
  status: 'verified',
  rejection: null,
  ciphertext: 'sealed',
  target: targetOf('a-model'),
  addressAllowed: true,
  monthlyTokenBudget: null,
} as const;

/** Proposals to the tenant of the space. */
function openProposals(db: TestDatabase, space: FilledSpace) {
  /** A proposal of so many new chunks, whose vectors are those of one article's chunks over and over. */
  function proposalOf(count: number): ProposedText {
    const said = space.articles[0]?.chunks ?? [];
    const chunks = Array.from({ length: count }, (_, position) =>
      aChunk({ position, text: `Passage ${position}`, hash: `hash ${position}`, approxTokens: 400 }),
    );
    const bought = chunks.map(({ hash }, at): [string, number[]] => [
      hash,
      repeated(said[at % said.length]?.vector ?? [], dimensions),
    ]);
    return {
      chunks,
      target: targetOf('a-model'),
      spaceId: space.spaceId,
      known: new Set(),
      bought: new Map(bought),
    };
  }

  const compare = (proposal: ProposedText) =>
    db.database.withTenant(space.tenantId, (tx) => compareProposal(tx, space.tenantId, proposal));

  /** Embeds a proposal. Returns, for each time its text was read to be cut into chunks, whether a transaction was open. */
  async function embed(current: typeof key | undefined): Promise<boolean[]> {
    let open = 0;
    const database: Pick<Database, 'withTenant'> = {
      async withTenant(tenantId, work) {
        open += 1;
        try {
          return await db.database.withTenant(tenantId, work);
        } finally {
          open -= 1;
        }
      },
    };
    const proposals = createProposalVectors({
      database,
      guard: {
        admission: async () =>
          current === undefined ? { kind: 'no_key' } : { kind: 'admitted', key: current },
      },
      buy: async () => ({ kind: 'bought', vectors: new Map(), ofAll: true }),
      cutter: { cut: async (_tenantId, text) => cutText(text) },
      maxChunks: 4,
    });
    const read: boolean[] = [];
    const text = {
      title: 'A title',
      get body() {
        read.push(open > 0);
        return 'Some words.';
      },
    };
    const { kind } = await proposals.embed(space.tenantId, text, 60_000);
    expect(kind).toBe(current === undefined ? 'failed' : 'embedded');
    return read;
  }

  return { proposalOf, compare, embed };
}
