import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { NewArticle } from '../../../src/articles/article.ts';
import { insertArticle } from '../../../src/articles/store.ts';
import { articleText, contentHash } from '../../../src/domain/article-text.ts';
import { upsertWrittenStatus } from '../../../src/embedding/status-store.ts';
import { countCreatedAlone } from '../../../src/extraction/outcome-store.ts';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { lockProposals } from '../../../src/proposals/store.ts';
import { ensureSpace } from '../../../src/vectors/spaces.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import { targetOf } from '../../support/targets.ts';

const it = factsOfServices();
type Take = (tx: Transaction, tenantId: string) => Promise<unknown>;
// The same id for both tenants.
const document = { kind: 'ingestion', id: randomUUID() } as const;
const locks: readonly (readonly [name: string, take: Take])[] = [
  ['proposals', (tx, tenantId) => lockProposals(tx, tenantId, 20_000)],
  ['spaces', (tx, tenantId) => ensureSpace(tx, tenantId, { target: targetOf('m'), chunkerVersion: 1 }, 2)],
  ['articles of a document', (tx, tenantId) => countCreatedAlone(tx, tenantId, { tenantId, ...document })],
];

describe.each(locks)('the lock on a tenant’s %s', (_, take) => {
  it('is waited for by the tenant itself, and by no other', async ({ test, tenant }) => {
    const { database } = test.services;
    const other = await test.createTenant();
    const held = await holdTransaction(database, tenant.id, (tx) => take(tx, tenant.id));
    const ofOther = database.withTenant(other.id, (tx) => take(tx, other.id));
    expect(await untilWaiting(test.db, ofOther)).toBe('ended');
    const ofSame = database.withTenant(tenant.id, (tx) => take(tx, tenant.id));
    expect(await untilWaiting(test.db, ofSame)).toBe('waits');
    await held.commit();
    await ofSame;
  });
});

describe('a proposal', () => {
  it('waits for the proposal that another process compares, and then sees its article', async ({
    test,
    tenant,
  }) => {
    const { database, articles } = test.services;
    const proposal: NewArticle & { readonly category: 'finding' } = {
      ...{ title: 'A title', body: 'Some text.', category: 'finding', tags: [], status: 'published' },
      ...{ sourceType: null, metadata: {}, force: false },
    };
    // What the other process does between its comparison and its commit: its article is written and not seen yet.
    const other = await holdTransaction(database, tenant.id, async (tx) => {
      await lockProposals(tx, tenant.id, 20_000);
      const id = randomUUID();
      const contentHashOf = contentHash(articleText(proposal));
      await insertArticle(tx, tenant.id, {
        ...{ ...proposal, id, status: 'published', contentHash: contentHashOf, gateVerdict: 'novel' },
        ...{ language: null, chosenLanguage: null },
      });
      await upsertWrittenStatus(tx, tenant.id, id, { status: 'pending', apiKeyId: null });
      return id;
    });
    const proposed = articles.create(tenant.actor, proposal);
    expect(await untilWaiting(test.db, proposed)).toBe('waits');
    await other.commit();
    expect(await proposed).toMatchObject({ kind: 'duplicate', article: { id: other.result } });
  });
});
