import pg from 'pg';
import { tenantIdOf } from './load-corpus.ts';
import type { Statement } from './recorded-search.ts';

/** What a search's statement is for. */
type Purpose = 'ranking' | 'setting' | 'other';

/** The statements of a search that are its floor: those that rank, and the settings that the planner is given for them. */
export interface BareSearch {
  readonly tenant: number;
  readonly settings: readonly Statement[];
  readonly rankings: readonly Statement[];
}

/** Chooses the ranking statements of those that a search has sent; a search without any has not searched. */
export function bareSearch(tenant: number, statements: readonly Statement[]): BareSearch {
  const of = (purpose: Purpose) => statements.filter(({ text }) => purposeOf(text) === purpose);
  const rankings = of('ranking');
  if (rankings.length === 0) throw new Error('the search has sent no statement that ranks');
  return { tenant, settings: of('setting'), rankings };
}

function purposeOf(text: string): Purpose {
  if (/\b(set local|set_config)\b/i.test(text)) return 'setting';
  return /<=>|<#>|ts_rank/.test(text) && !/ts_headline/.test(text) ? 'ranking' : 'other';
}

export interface BareSql {
  /** Runs the ranking statements, one after the other; how long they took, the transaction around them not counted. */
  run(search: BareSearch): Promise<number>;
  close(): Promise<void>;
}

/** A plain connection with the application's login: no pool, no query builder, no checks of what comes back. */
export async function connectBareSql(databaseUrl: string): Promise<BareSql> {
  const connection = new pg.Client({ connectionString: databaseUrl });
  await connection.connect();
  const send = ({ text, values }: Statement) => connection.query(text, [...values]);
  return {
    async run({ tenant, settings, rankings }) {
      await connection.query(`begin; set local app.tenant_id = ${pg.escapeLiteral(tenantIdOf(tenant))}`);
      for (const setting of settings) await send(setting);
      const startedAt = performance.now();
      for (const ranking of rankings) await send(ranking);
      const ms = performance.now() - startedAt;
      await connection.query('commit');
      return ms;
    },
    close: () => connection.end(),
  };
}
