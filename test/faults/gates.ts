import type pg from 'pg';

/** A process of the service, by the name that its connections give to Postgres. */
export type GatedProcess = 'lorekeep-api' | 'lorekeep-worker';

interface Place {
  readonly number: number;
  readonly table: string;
  readonly command: 'select' | 'insert' | 'update' | 'delete';
  readonly clause: 'using' | 'with check';
  readonly when?: string;
}

/** Where a transaction can be stopped: when it reads, or writes, a row of this table, or one of which `when` is true. */
const places = {
  readKey: { number: 1, table: 'provider_keys', command: 'select', clause: 'using' },
  readArticle: { number: 2, table: 'articles', command: 'select', clause: 'using' },
  writeCallRecord: { number: 3, table: 'provider_calls', command: 'insert', clause: 'with check' },
  writeVectors: { number: 4, table: 'chunk_vectors', command: 'insert', clause: 'with check' },
  writeLedger: { number: 5, table: 'usage_ledger', command: 'insert', clause: 'with check' },
  deleteOutboxRow: { number: 6, table: 'outbox', command: 'delete', clause: 'using' },
  writeAudit: { number: 7, table: 'audit_log', command: 'insert', clause: 'with check' },
  readDocument: { number: 8, table: 'ingestion_documents', command: 'select', clause: 'using' },
  writeParts: { number: 9, table: 'ingestion_parts', command: 'insert', clause: 'with check' },
  storeAnswer: { number: 10, table: 'extraction_answers', command: 'update', clause: 'using' },
  writeArticle: { number: 11, table: 'articles', command: 'insert', clause: 'with check' },
  writeSecondArticle: {
    ...{ number: 12, table: 'articles', command: 'insert', clause: 'with check' },
    when: `title like 'Second%'`,
  },
  endJob: {
    ...{ number: 13, table: 'audit_log', command: 'insert', clause: 'with check' },
    when: `action like 'ingestion.%'`,
  },
  storePurchase: {
    ...{ number: 14, table: 'chunk_purchases', command: 'insert', clause: 'with check' },
    when: 'embedding is not null',
  },
} as const satisfies Record<string, Place>;

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
  for (const place of Object.values<Place>(places)) {
    const { number, table, command, clause, when } = place;
    const stands =
      when === undefined ? `stand_at_gate(${number})` : `not (${when}) or stand_at_gate(${number})`;
    await pool.query(
      `create policy gate_${number} on ${table} as restrictive for ${command} ${clause} (${stands})`,
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
