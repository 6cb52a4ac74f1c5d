import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import type { CompareProposal } from '../../../src/proposals/comparison.ts';
import { type Comparisons, decideByComparison } from '../../../src/proposals/decide-by-comparison.ts';
import type { Decision } from '../../../src/proposals/decision.ts';
import type { CompareWords } from '../../../src/proposals/words.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { targetOf } from '../../support/targets.ts';

const it = factsOfServices();
const article = { title: 'A title', body: '', contentHash: 'f'.repeat(64), status: 'published' } as const;
const proposal = {
  ...{ chunks: [], target: targetOf('m'), spaceId: undefined, known: new Set<string>(), bought: new Map() },
};

describe('the time that is left for a comparison', () => {
  it('limits its statements, and not those of the write after it', async ({ test, tenant }) => {
    const limits = await test.services.database.withTenant(tenant.id, async (tx) => {
      const before = await limitOf(tx);
      let during = '';
      let duringWords = '';
      const compare: CompareProposal = async (inner) => {
        during = await limitOf(inner);
        return [];
      };
      const compareWords: CompareWords = async (inner) => {
        duringWords = await limitOf(inner);
        return { kind: 'compared', differs: [] };
      };
      await decideByComparison({ compare, compareWords }, tx, tenant.id, {
        article,
        proposal,
        before: undefined,
        leftMs: () => 1_234,
      });
      return { before, during, duringWords, after: await limitOf(tx) };
    });
    expect([limits.during, limits.duringWords]).toEqual(['1234ms', '1234ms']);
    expect(limits.after).toBe(limits.before);
  });
});

describe('the article that says all of a proposal', () => {
  it('is listed once, before those that are more similar by their vectors', async ({ test, tenant }) => {
    const said = { id: randomUUID(), title: 'A title' };
    const another = { articleId: randomUUID(), title: 'Another', similarity: 1 };
    const comparisons: Comparisons = {
      compare: async () => [another, { articleId: said.id, title: said.title, similarity: 0.9 }],
      compareWords: async () => ({ kind: 'compared', saidBy: said, differs: [] }),
    };
    const { report } = await test.services.database.withTenant(tenant.id, (tx) =>
      decide(comparisons, tx, tenant.id),
    );
    expect(report).toMatchObject({ verdict: 'duplicate', similarity: 1 });
    expect(report.nearest.map(({ id }) => id)).toEqual([said.id, another.articleId]);
  });
});

describe('a proposal that no article says', () => {
  it.for([
    [1, 'low_novelty', [{ proposal: 'a', existing: 'b' }]],
    [0.5, 'novel', undefined],
  ] as const)('at a similarity of %d is %s', async ([similarity, verdict, differs], { test, tenant }) => {
    const near = { articleId: randomUUID(), title: 'Near', similarity };
    const comparisons: Comparisons = {
      compare: async () => [near],
      compareWords: async () => ({ kind: 'compared', differs: [{ proposal: 'a', existing: 'b' }] }),
    };
    const decision = await test.services.database.withTenant(tenant.id, (tx) =>
      decide(comparisons, tx, tenant.id),
    );
    expect(decision).toMatchObject({ kind: 'new', report: { verdict, similarity } });
    expect(decision.report.differs).toEqual(differs);
  });
});

async function limitOf(tx: Transaction): Promise<string> {
  const { rows } = await tx.raw<{ rows: { statement_timeout: string }[] }>('show statement_timeout');
  return rows[0]?.statement_timeout ?? '';
}

/** What is decided at once, as no text is long. */
async function decide(
  comparisons: Parameters<typeof decideByComparison>[0],
  tx: Transaction,
  tenantId: string,
): Promise<Decision> {
  const leftMs = () => 5_000;
  const decision = await decideByComparison(comparisons, tx, tenantId, {
    ...{ article, proposal, before: undefined, leftMs },
  });
  if (decision.kind === 'long') throw new Error('a text is long');
  return decision;
}
