import { describe, expect } from 'vitest';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import {
  build,
  building,
  ensureSpace,
  isServing,
  serve,
  serving,
  targets,
} from '../../../src/vectors/spaces.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import { targetOf } from '../../support/targets.ts';

const kind = { target: targetOf('a-model'), chunkerVersion: 1 };
const it = factsOfServices().extend('within', ({ test, tenant }) => {
  return <T>(work: (tx: Transaction, tenantId: string) => Promise<T>) =>
    test.services.database.withTenant(tenant.id, (tx) => work(tx, tenant.id));
});

describe('a space', () => {
  it('is of one dimension: vectors of another one get a space of their own, which counts from then on', async ({
    within,
  }) => {
    const first = await within((tx, id) => ensureSpace(tx, id, kind, 2));
    const second = await within((tx, id) => ensureSpace(tx, id, kind, 3));
    expect(second).toMatchObject({ target: kind.target, dimensions: 3 });
    expect(second.id).not.toBe(first.id);
    expect(await within((tx, id) => targets(tx, id, kind))).toEqual([second]);
    expect(await within((tx, id) => ensureSpace(tx, id, kind, 3))).toEqual(second);
  });

  it('is of one way to cut chunks', async ({ within }) => {
    const older = await within((tx, id) => ensureSpace(tx, id, kind, 2));
    const newer = await within((tx, id) => ensureSpace(tx, id, { ...kind, chunkerVersion: 2 }, 2));
    expect(newer.id).not.toBe(older.id);
    expect(await within((tx, id) => targets(tx, id, kind))).toEqual([older]);
    expect(await within((tx, id) => targets(tx, id, { ...kind, chunkerVersion: 3 }))).toEqual([]);
  });

  it('is neither serving nor building beside a serving one, until it is made so', async ({ within }) => {
    const first = await within((tx, id) => ensureSpace(tx, id, kind, 2));
    const second = await within((tx, id) => ensureSpace(tx, id, { ...kind, target: targetOf('another') }, 2));
    expect(await within(serving)).toEqual(first);
    expect(await within(building)).toBeUndefined();
    await within((tx, id) => build(tx, id, second.id));
    expect(await within(building)).toEqual(second);
    await within((tx, id) => serve(tx, id, second.id));
    expect([await within(serving), await within(building)]).toEqual([second, undefined]);
  });
});

describe('the first spaces of a tenant', () => {
  it('that are made at once leave one serving', async ({ test, tenant, within }) => {
    const first = await holdTransaction(test.services.database, tenant.id, (tx) =>
      ensureSpace(tx, tenant.id, kind, 2),
    );
    const second = within((tx, id) => ensureSpace(tx, id, { ...kind, target: targetOf('another') }, 2));
    expect(await untilWaiting(test.db, second)).toBe('waits');
    await first.commit();
    expect(await second).toMatchObject({ target: { model: 'another' } });
    expect(await within(serving)).toEqual(first.result);
  });
});

describe('whether a space serves', () => {
  it('is known only after a cut-over that is not committed yet', async ({ test, tenant, within }) => {
    await within((tx, id) => ensureSpace(tx, id, kind, 2));
    const { id: spaceId } = await within((tx, id) =>
      ensureSpace(tx, id, { ...kind, target: targetOf('another') }, 2),
    );
    const cutOver = await holdTransaction(test.services.database, tenant.id, async (tx) => {
      const before = await isServing(tx, tenant.id, spaceId);
      await serve(tx, tenant.id, spaceId);
      return before;
    });
    expect(cutOver.result).toBe(false);
    const asked = within((tx, id) => isServing(tx, id, spaceId));
    expect(await untilWaiting(test.db, asked)).toBe('waits');
    await cutOver.commit();
    expect(await asked).toBe(true);
  });

  it('stays so until the end of the transaction that asked, where it does not', async ({
    test,
    tenant,
    within,
  }) => {
    await within((tx, id) => ensureSpace(tx, id, kind, 2));
    const { id: spaceId } = await within((tx, id) =>
      ensureSpace(tx, id, { ...kind, target: targetOf('another') }, 2),
    );
    const asked = await holdTransaction(test.services.database, tenant.id, (tx) =>
      isServing(tx, tenant.id, spaceId),
    );
    const another = within((tx, id) => isServing(tx, id, spaceId));
    expect([asked.result, await untilWaiting(test.db, another)]).toEqual([false, 'waits']);
    await asked.commit();
    expect(await another).toBe(false);
  });
});
