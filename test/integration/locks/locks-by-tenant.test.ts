import { describe, expect } from 'vitest';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { lockProposals } from '../../../src/proposals/store.ts';
import { ensureSpace } from '../../../src/vectors/spaces.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';

const it = factsOfServices();
type Take = (tx: Transaction, tenantId: string) => Promise<unknown>;
const locks: readonly (readonly [name: string, take: Take])[] = [
  ['proposals', (tx, tenantId) => lockProposals(tx, tenantId, 20_000)],
  ['spaces', (tx, tenantId) => ensureSpace(tx, tenantId, { model: 'm', chunkerVersion: 1 }, 2)],
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
