import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { createDatabase, type Transaction } from '../../../src/platform/postgres/database.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { insertTenant } from '../../support/tenant-row.ts';
import type { TestDatabase } from '../../support/test-database.ts';

// One connection: whatever a transaction leaves behind on it, the next one meets. `id` is that of a tenant.
const test = factsOfDatabase({ poolSize: 1 }).extend('id', ({ db }) => insertTenant(db));

test('the very first statement of a transaction sees the tenant’s rows, and no other does', async ({
  db,
}) => {
  const [mine, other] = [await insertTenant(db), await insertTenant(db)];
  for (const id of [mine, other]) {
    expect(await db.database.withTenant(id, (tx) => tx('tenants').pluck('id'))).toEqual([id]);
  }
  expect(await db.database.withApiKeyHash('00'.repeat(32), (tx) => tx('tenants').pluck('id'))).toEqual([]);
});

test('statements sent together are one transaction, taken in their order', async ({ db }) => {
  const id = randomUUID();
  const [, found] = await db.database.withTenant(id, (tx) =>
    Promise.all([addTenant(tx, id), tx('tenants').pluck('id')]),
  );
  expect(found).toEqual([id]);
});

test('statements of any kind, begun together, keep the order in which they were begun', async ({ db }) => {
  const id = randomUUID();
  const insert = async (tx: Transaction) => {
    await addTenant(tx, id);
  };
  const rename = async (tx: Transaction) => {
    await tx.raw(`update tenants set name = 'Renamed' where id = ?`, [id]);
  };
  const read = async (tx: Transaction) => tx('tenants').where({ id }).pluck('name');
  const [, before, , after] = await db.database.withTenant(id, (tx) =>
    Promise.all([insert(tx), read(tx), rename(tx), read(tx)]),
  );
  expect([before, after]).toEqual([['Tenant'], ['Renamed']]);
});

test('a prepared statement sees the tenant of its transaction, on a connection that prepared it for another', async ({
  db,
}) => {
  const [mine, other] = [await insertTenant(db), await insertTenant(db)];
  const read = (tx: Transaction) =>
    tx.prepared('select id from tenants where id = any($1::uuid[])', [[mine, other]]);
  for (const id of [mine, other, mine]) {
    expect(await db.database.withTenant(id, read)).toEqual([{ id }]);
    expect(await db.database.readTenant(id, read)).toEqual([{ id }]);
  }
  const twice = db.database.readTenant(mine, (tx) => Promise.all([read(tx), read(tx)]));
  expect(await twice).toEqual([[{ id: mine }], [{ id: mine }]]);
});

test('a prepared statement has the same name in every process, in whatever order they send theirs', async ({
  db,
  id,
}) => {
  const texts = ['select 1 where $1::int is null', 'select 2 where $1::int is null'];
  const namesIn = async (order: readonly string[]) => {
    const own = createDatabase({ url: db.applicationUrl, poolSize: 1, applicationName: 'lorekeep-test' });
    try {
      return await own.withTenant(id, async (tx) => {
        for (const text of order) await tx.prepared(text, [0]);
        return tx.prepared(
          'select name, statement from pg_prepared_statements where statement = any($1::text[]) order by statement',
          [texts],
        );
      });
    } finally {
      await own.close();
    }
  };
  const names = await namesIn(texts);
  expect(names).toHaveLength(2);
  expect(await namesIn(texts.toReversed())).toEqual(names);
});

test('work that only reads cannot write, and leaves a connection that can', async ({ db, id }) => {
  const rename = async (tx: Transaction) => tx('tenants').where({ id }).update({ name: 'Renamed' });
  await expect(db.database.readTenant(id, rename)).rejects.toMatchObject({ code: '25006' });
  expect(await db.database.withTenant(id, rename)).toBe(1);
});

describe('work whose commit is sent right behind its statements', () => {
  test('is committed whole, whichever way its statements are built, and what follows the commit runs after it', async ({
    db,
    id,
  }) => {
    const seen: unknown[] = [];
    const result = await db.database.withTenantAtOnce(id, async (tx) => {
      const [renamed] = await Promise.all([
        tx.prepared(`update tenants set name = $2 where id = $1 returning name`, [id, 'Prepared']),
        tx('tenants').where({ id }).update({ name: 'Built' }),
      ]);
      tx.afterCommit(() => seen.push('committed'));
      return renamed;
    });
    expect(result).toEqual([{ name: 'Prepared' }]);
    expect(seen).toEqual(['committed']);
    expect(await namesOf(db, id)).toEqual(['Built']);
  });

  test('is undone whole when any of its statements fails, and nothing of it runs afterwards', async ({
    db,
    id,
  }) => {
    const before = await namesOf(db, id);
    const seen: unknown[] = [];
    const failing = db.database.withTenantAtOnce(id, async (tx) => {
      tx.afterCommit(() => seen.push('committed'));
      await Promise.all([
        tx('tenants').where({ id }).update({ name: 'Undone' }),
        tx.prepared('select 1 / $1::int', [0]),
        tx('tenants').where({ id }).update({ name: 'Undone, too' }),
      ]);
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect(seen).toEqual([]);
    expect(await namesOf(db, id)).toEqual(before);
  });

  test('is undone when it fails before it waits, without its statements', async ({ db, id }) => {
    const before = await namesOf(db, id);
    const failing = db.database.withTenantAtOnce(id, async (tx) => {
      void tx.prepared(`update tenants set name = 'Undone' where id = $1`, [id]);
      throw new Error('failed');
    });
    await expect(failing).rejects.toThrow('failed');
    expect(await namesOf(db, id)).toEqual(before);
  });

  test('takes no statement after an answer has come, and says so', async ({ db, id }) => {
    const late = db.database.withTenantAtOnce(id, async (tx) => {
      await tx.raw('select 1');
      await tx('tenants').where({ id }).update({ name: 'Late' });
    });
    await expect(late).rejects.toThrow('the transaction has ended');
    expect(await namesOf(db, id)).not.toContain('Late');
  });

  test('fails where its commit became a rollback, even if the work has swallowed the error', async ({
    db,
    id,
  }) => {
    for (const within of [db.database.withTenantAtOnce, db.database.withTenant]) {
      const swallowing = within(id, async (tx) => {
        await tx.raw('select no_such_column').catch(() => undefined);
      });
      await expect(swallowing).rejects.toThrow('the transaction was rolled back');
    }
  });
});

test('a write whose loss does no harm does not wait for the disk, and the next one does', async ({
  db,
  id,
}) => {
  const setting = (tx: Transaction) =>
    tx.prepared(`select setting, source from pg_settings where name = 'synchronous_commit'`, []);
  const during = await db.database.withTenantUnsynced(id, async (tx) => {
    await tx('tenants').where({ id }).update({ name: 'Unsynced' });
    return setting(tx);
  });
  expect(during).toEqual([{ setting: 'off', source: 'session' }]);
  expect(await namesOf(db, id)).toEqual(['Unsynced']);
  expect(await db.database.withTenant(id, setting)).not.toMatchObject([{ source: 'session' }]);
});

test('one failure among statements sent together undoes them all, and the connection goes on', async ({
  db,
}) => {
  const id = randomUUID();
  const failing = db.database.withTenant(id, (tx) =>
    Promise.all([addTenant(tx, id), tx.raw('select 1 / 0'), tx.raw('select 1')]),
  );
  await expect(failing).rejects.toMatchObject({ code: '22012' });
  expect(await db.database.withTenant(id, (tx) => tx('tenants').pluck('id'))).toEqual([]);
});

test('a commit behind the last statements keeps what they wrote, and refuses later ones', async ({ db }) => {
  const id = randomUUID();
  const later = await db.database.withTenant(id, async (tx) => {
    const added = tx.prepared(`insert into tenants (id, slug, name) values ($1, $2, 'Tenant')`, [
      id,
      `t-${id}`,
    ]);
    tx.commitBehind();
    expect(tx.commitBehind).toThrow('ended');
    await added;
    return tx('tenants')
      .pluck('id')
      .then(
        () => 'sent',
        () => 'refused',
      );
  });
  expect(later).toBe('refused');
  expect(await db.database.withTenant(id, (tx) => tx('tenants').pluck('id'))).toEqual([id]);
});

test('a commit behind a statement that fails commits nothing, and one that fails itself is an error', async ({
  db,
}) => {
  const id = randomUUID();
  const failing = db.database.withTenant(id, (tx) => {
    const sent = Promise.all([
      tx.prepared(`insert into tenants (id, slug, name) values ($1, $2, 'Tenant')`, [id, `t-${id}`]),
      tx.prepared('select 1 / $1::int', [0]),
    ]);
    tx.commitBehind();
    return sent;
  });
  await expect(failing).rejects.toMatchObject({ code: '22012' });
  const unheard = db.database.withTenant(id, async (tx) => {
    const sent = tx.prepared('select 1 / $1::int', [0]);
    tx.commitBehind();
    await sent.catch(() => undefined);
  });
  await expect(unheard).rejects.toThrow('rolled back');
  const twice = db.database.withTenant(id, async (tx) => {
    await tx.raw(
      'create temporary table numbers (n int primary key deferrable initially deferred) on commit drop',
    );
    const sent = tx.prepared('insert into numbers values (1), (1)', []);
    tx.commitBehind();
    await sent;
  });
  await expect(twice).rejects.toMatchObject({ code: '23505' });
  expect(await db.database.withTenant(id, (tx) => tx('tenants').pluck('id'))).toEqual([]);
});

test('a savepoint cannot commit the transaction around it', async ({ db, id }) => {
  const within = db.database.withTenant(id, (tx) => tx.savepoint(async (inner) => inner.commitBehind()));
  await expect(within).rejects.toThrow('savepoint');
});

test('a statement that comes after its transaction’s end joins no other transaction', async ({ db }) => {
  const [mine, other] = [await insertTenant(db), await insertTenant(db)];
  const left = await db.database.withTenant(mine, async (tx) => ({
    late: () => tx('tenants').pluck('id'),
  }));
  const seen = await db.database.withTenant(other, async (tx) => {
    await tx.raw('select 1');
    return left.late().then(
      (ids) => ids,
      (error: Error) => error.message,
    );
  });
  expect(seen).toBe('the transaction has ended');
});

test('a login by key can write nothing', async ({ db }) => {
  const id = randomUUID();
  const writing = db.database.withApiKeyHash('00'.repeat(32), (tx) => addTenant(tx, id));
  await expect(writing).rejects.toMatchObject({ code: '25006' });
});

test('a connection that the server cuts in the middle fails its own transaction only', async ({ db, id }) => {
  const cut = db.database.withTenant(id, (tx) => tx.raw('select pg_terminate_backend(pg_backend_pid())'));
  await expect(cut).rejects.toThrow();
  expect(await db.database.withTenant(id, (tx) => tx('tenants').pluck('id'))).toEqual([id]);
});

describe('a savepoint', () => {
  test('that fails is undone, its error is thrown on, and the transaction goes on', async ({ db, id }) => {
    await db.database.withTenant(id, async (tx) => {
      await rename(tx, 'Before');
      const failing = tx.savepoint(async (inner) => {
        await rename(inner, 'Inside');
        await inner.raw('select no_such_column');
      });
      await expect(failing).rejects.toMatchObject({ code: '42703' });
      expect(await tx('tenants').pluck('name')).toEqual(['Before']);
      await tx.savepoint((inner) => rename(inner, 'After'));
    });
    expect(await namesOf(db, id)).toEqual(['After']);
  });

  test('within a savepoint is undone alone', async ({ db, id }) => {
    await db.database.withTenant(id, (tx) =>
      tx.savepoint(async (outer) => {
        await rename(outer, 'Outer');
        const failing = outer.savepoint(async (inner) => {
          await rename(inner, 'Inner');
          throw new Error('inner');
        });
        await expect(failing).rejects.toThrow('inner');
      }),
    );
    expect(await namesOf(db, id)).toEqual(['Outer']);
  });

  test('undoes its own work after a savepoint within it has failed', async ({ db, id }) => {
    await db.database.withTenant(id, async (tx) => {
      const failing = tx.savepoint(async (outer) => {
        await rename(outer, 'Outer');
        const inner = outer.savepoint(async () => {
          throw new Error('inner');
        });
        await expect(inner).rejects.toThrow('inner');
        throw new Error('outer');
      });
      await expect(failing).rejects.toThrow('outer');
    });
    expect(await namesOf(db, id)).not.toContain('Outer');
  });

  test('undoes the settings of its work', async ({ db, id }) => {
    const timeout = (tx: Transaction) =>
      tx.raw<{ rows: { now: string }[] }>(`select current_setting('statement_timeout') as now`);
    await db.database.withTenant(id, async (tx) => {
      const before = (await timeout(tx)).rows;
      const failing = tx.savepoint(async (inner) => {
        await inner.raw(`set local statement_timeout = '50ms'`);
        await inner.raw('select pg_sleep(10)');
      });
      await expect(failing).rejects.toMatchObject({ code: '57014' });
      expect((await timeout(tx)).rows).toEqual(before);
    });
  });

  test.for(['begins', 'goes on'])(
    'whose work %s too late changes nothing any more',
    async (when, { db, id }) => {
      let release: () => void = () => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let late: Promise<unknown> = Promise.resolve();
      await db.database.withTenant(id, async (tx) => {
        const tooLong = tx.savepoint(
          (inner) => {
            late = (async () => {
              if (when === 'goes on') await rename(inner, 'Inside');
              await released;
              await rename(inner, 'Late');
            })();
            return late;
          },
          { timeoutMs: 5 },
        );
        await expect(tooLong).rejects.toMatchObject({ name: 'SavepointTimeout' });
        release();
        await expect(late).rejects.toThrow('has ended');
        expect(await tx('tenants').pluck('name')).toEqual(['Tenant']);
      });
      expect(await namesOf(db, id)).toEqual(['Tenant']);
    },
  );

  test('that ended in time stays, however long the transaction takes', async ({ db, id }) => {
    // Far above what one statement takes on a busy machine.
    const timeoutMs = 2_000;
    await db.database.withTenant(id, async (tx) => {
      await tx.savepoint((inner) => rename(inner, 'In time'), { timeoutMs });
      await new Promise((resolve) => setTimeout(resolve, timeoutMs + 50));
    });
    expect(await namesOf(db, id)).toEqual(['In time']);
  });
});

describe('what is to run after the commit', () => {
  test('runs once all is committed, in the order in which it was asked for', async ({ db }) => {
    const id = randomUUID();
    const seen: string[] = [];
    let found: Promise<unknown[]> = Promise.resolve([]);
    await db.database.withTenant(id, async (tx) => {
      await addTenant(tx, id);
      tx.afterCommit(() => {
        seen.push('first');
        found = db.rawAsOwner('select id from tenants where id = $1', [id]);
      });
      await tx.savepoint(async (inner) => inner.afterCommit(() => seen.push('second')));
      tx.afterCommit(() => seen.push('third'));
      expect(seen).toEqual([]);
    });
    expect(seen).toEqual(['first', 'second', 'third']);
    expect(await found).toEqual([{ id }]);
  });

  test('never runs when the transaction fails, at its end too', async ({ db, id }) => {
    const seen: string[] = [];
    const failing = db.database.withTenant(id, async (tx) => {
      tx.afterCommit(() => seen.push('ran'));
      throw new Error('failed');
    });
    await expect(failing).rejects.toThrow('failed');
    const refused = db.database.withTenant(id, async (tx) => {
      await tx.raw(
        'create temporary table late (id int unique deferrable initially deferred) on commit drop',
      );
      await tx.raw('insert into late values (1), (1)');
      tx.afterCommit(() => seen.push('ran'));
    });
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    expect(seen).toEqual([]);
  });

  test('cannot be asked for once the transaction has ended', async ({ db, id }) => {
    const ended = await db.database.withTenant(id, async (tx) => ({ tx }));
    expect(() => ended.tx.afterCommit(() => undefined)).toThrow('has ended');
  });
});

const addTenant = (tx: Transaction, id: string) =>
  tx('tenants').insert({ id, slug: `t-${id}`, name: 'Tenant' });

const namesOf = ({ database }: TestDatabase, id: string) =>
  database.withTenant(id, (tx) => tx('tenants').pluck('name'));
const rename = (tx: Transaction, name: string) => tx('tenants').update({ name });

test('a savepoint of a transaction that has ended sends nothing any more, whether its work goes on or fails', async ({
  db,
  id,
}) => {
  for (const ending of ['goes on', 'fails'] as const) {
    let continueWork: () => void = () => undefined;
    const continued = new Promise<void>((resolve) => {
      continueWork = resolve;
    });
    let savepoint: Promise<unknown> = Promise.resolve();
    const failing = db.database.withTenant(id, (tx) => {
      savepoint = tx.savepoint(async (inner) => {
        await continued;
        if (ending === 'fails') throw new Error('failed later');
        return inner('tenants').where({ id }).update({ name: 'Elsewhere' });
      });
      savepoint.catch(() => undefined);
      return Promise.all([savepoint, tx.raw('select 1 / 0')]);
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    const names = await db.database.withTenant(id, async (tx) => {
      await tx('tenants').where({ id }).update({ name: ending });
      continueWork();
      await expect(savepoint).rejects.toThrow(ending === 'fails' ? 'failed later' : 'has ended');
      return tx('tenants').where({ id }).pluck('name');
    });
    expect(names).toEqual([ending]);
  }
});
