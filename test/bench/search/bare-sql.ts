import pg from 'pg';
import { tenantIdOf } from './load-corpus.ts';
import type { Statement } from './recorded-search.ts';

/** The floor of a search: the statements that rank, and the settings that the planner is given for them. */
export interface BareSearch {
  readonly tenant: number;
  readonly settings: readonly Statement[];
  readonly rankings: readonly Statement[];
}

/**
 * Chooses, of all that a search has sent, the statement that ranks by words and the one that ranks by vectors. Where the
 * service tried twice the last one counts: an attempt that gave too little is its own cost, and so is all that it counts,
 * looks up, or reads for the answer besides.
 */
export function bareSearch(tenant: number, statements: readonly Statement[]): BareSearch {
  const last = (pattern: RegExp) => statements.filter(({ text }) => pattern.test(text)).slice(-1);
  const rankings = [...last(/\bts_rank(_cd)?\(/), ...last(/<=>/)];
  if (rankings.length === 0) throw new Error('the search has sent no statement that ranks');
  return {
    tenant,
    settings: statements.filter(({ text }) => /\bset_config\(|\bset local\b/i.test(text)),
    rankings,
  };
}

/** The statements in words: for whoever reads the figures. */
export function describeBareSearch({ settings, rankings }: BareSearch): string {
  const line = ({ text }: Statement) => `  ${text.replace(/\s+/g, ' ').trim()}`;
  return [...settings.map(line), ...rankings.map(line)].join('\n');
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
