import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import type { CompareProposal } from '../../../src/proposals/comparison.ts';
import { decideByComparison } from '../../../src/proposals/decide-by-comparison.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { targetOf } from '../../support/targets.ts';

const it = factsOfServices();
const article = { contentHash: 'f'.repeat(64), status: 'published' } as const;
const proposal = {
  ...{ chunks: [], target: targetOf('m'), spaceId: undefined, known: new Set<string>(), bought: new Map() },
};

describe('the time that is left for a comparison', () => {
  it('limits its statements, and not those of the write after it', async ({ test, tenant }) => {
    const limits = await test.services.database.withTenant(tenant.id, async (tx) => {
      const before = await limitOf(tx);
      let during = '';
      const compare: CompareProposal = async (inner) => {
        during = await limitOf(inner);
        return { similar: [], ofAllText: true };
      };
      await decideByComparison(compare, tx, tenant.id, { article, proposal, leftMs: () => 1_234 });
      return { before, during, after: await limitOf(tx) };
    });
    expect(limits.during).toBe('1234ms');
    expect(limits.after).toBe(limits.before);
  });
});

describe('the article with the same text', () => {
  it('is listed once, before those that are more similar by their vectors', async ({ test, tenant }) => {
    const { articleId } = await createArticle(test, tenant);
    const [row] = await test.db.rawAsOwner('select content_hash from articles where id = $1', [articleId]);
    const another = { articleId: randomUUID(), title: 'Another', similarity: 1 };
    const same = { articleId, title: 'A title', similarity: 0.9 };
    const { report } = await test.services.database.withTenant(tenant.id, (tx) =>
      decideByComparison(async () => ({ similar: [another, same], ofAllText: true }), tx, tenant.id, {
        article: { ...article, contentHash: String(row?.content_hash) },
        proposal,
        leftMs: () => 5_000,
      }),
    );
    expect(report).toMatchObject({ verdict: 'duplicate', similarity: 1 });
    expect(report.nearest.map(({ id }) => id)).toEqual([articleId, another.articleId]);
  });
});

async function limitOf(tx: Transaction): Promise<string> {
  const { rows } = await tx.raw<{ rows: { statement_timeout: string }[] }>('show statement_timeout');
  return rows[0]?.statement_timeout ?? '';
}
