import type pg from 'pg';

/** A process of the service, by the name that its connections give to Postgres. */
export type GatedProcess = 'lorekeep-api' | 'lorekeep-worker';

/** Where a transaction can be stopped: when it reads, or writes, a row of this table. */
const places = {
  readKey: { number: 1, table: 'provider_keys', command: 'select', clause: 'using' },
  readArticle: { number: 2, table: 'articles', command: 'select', clause: 'using' },
  writeCallRecord: { number: 3, table: 'provider_calls', command: 'insert', clause: 'with check' },
  writeVectors: { number: 4, table: 'chunk_vectors', command: 'insert', clause: 'with check' },
  writeLedger: { number: 5, table: 'usage_ledger', command: 'insert', clause: 'with check' },
  deleteOutboxRow: { number: 6, table: 'outbox', command: 'delete', clause: 'using' },
  writeAudit: { number: 7, table: 'audit_log', command: 'insert', clause: 'with check' },
} as const;

export type GatePlace = keyof typeof places;

export interface Gate {
  /** Whether a transaction stands before it. */
  reached(): Promise<boolean>;
}

export interface Gates {
  /** Stops one tenant's transactions of one process at a place, until all are opened. */
  close(process: GatedProcess, tenantId: string, place: GatePlace): Promise<Gate>;
  openAll(): Promise<void>;
}

/**
 * Stops transactions from outside, with no hook in the code: a policy of the test's own asks for an advisory lock, which
 * the test holds. Only the one tenant and process wait; a lock on the table would stop everybody.
 */
export async function installGates(pool: pg.Pool): Promise<Gates> {
  await pool.query(`
    create function stand_at_gate(place int) returns boolean language plpgsql volatile as $$
    begin
      perform pg_advisory_xact_lock_shared(place, hashtext(
        current_setting('application_name') || '/' || current_setting('app.tenant_id', true)));
      return true;
    end $$`);
  for (const { number, table, command, clause } of Object.values(places)) {
    await pool.query(
      `create policy gate on ${table} as restrictive for ${command} ${clause} (stand_at_gate(${number}))`,
    );
  }
  const holders: pg.PoolClient[] = [];

  return {
    async close(process, tenantId, place) {
      const name = `${process}/${tenantId}`;
      const { number } = places[place];
      const holder = await pool.connect();
      holders.push(holder);
      await holder.query('select pg_advisory_lock($1, hashtext($2))', [number, name]);
      return {
        async reached() {
          const { rowCount } = await pool.query(
            `select 1 from pg_locks
              where locktype = 'advisory' and not granted and classid = $1
                and database = (select oid from pg_database where datname = current_database())
                and objid::bigint = hashtext($2)::bigint & 4294967295`,
            [number, name],
          );
          return rowCount !== 0;
        },
      };
    },
    async openAll() {
      for (const holder of holders.splice(0)) {
        await holder.query('select pg_advisory_unlock_all()');
        holder.release();
      }
    },
  };
}
