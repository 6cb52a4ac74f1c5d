import pg from 'pg';
import { tenantIdOf } from './load-corpus.ts';
import type { Statement } from './recorded-search.ts';

/** The floor of a search: all that it sends within its transactions, in that order. */
export interface BareSearch {
  readonly tenant: number;
  readonly statements: readonly Statement[];
}

/** What a bare search took: all of its statements, and of them those alone that ranked. */
export interface BareMs {
  readonly all: number;
  readonly ranking: number;
}

/** The planner's settings are part of the statement that they are for. */
const setting = /\bset_config\(|\bset local\b/i;

/**
 * The statements that rank by words and by vectors. Where the service tried twice the last one counts: an attempt that gave too
 * little is its own cost.
 */
function rankingsOf(statements: readonly Statement[]): ReadonlySet<Statement> {
  const last = (pattern: RegExp) => statements.filter(({ text }) => pattern.test(text)).slice(-1);
  return new Set([...last(/\bts_rank(_cd)?\(/), ...last(/<=>/)]);
}

/** The statements of a search as its floor; fails where none of them ranks. */
export function bareSearch(tenant: number, statements: readonly Statement[]): BareSearch {
  if (rankingsOf(statements).size === 0) throw new Error('the search has sent no statement that ranks');
  return { tenant, statements };
}

/** The statements in words, those that rank marked: for the readers of the figures. */
export function describeBareSearch({ statements }: BareSearch): string {
  const rankings = rankingsOf(statements);
  return statements
    .map((each) => `${rankings.has(each) ? '*' : ' '} ${each.text.replace(/\s+/g, ' ').trim()}`)
    .join('\n');
}

export interface BareSql {
  /** Runs the statements, one after the other; the transaction around them and the planner's settings are not timed. */
  run(search: BareSearch): Promise<BareMs>;
  close(): Promise<void>;
}

/** A plain connection with the application's login: no pool, no query builder, no checks of what comes back. */
export async function connectBareSql(databaseUrl: string): Promise<BareSql> {
  const connection = new pg.Client({ connectionString: databaseUrl });
  await connection.connect();
  return {
    async run({ tenant, statements }) {
      const rankings = rankingsOf(statements);
      let [all, ranking] = [0, 0];
      await connection.query(`begin; set local app.tenant_id = ${pg.escapeLiteral(tenantIdOf(tenant))}`);
      for (const statement of statements) {
        const startedAt = performance.now();
        await connection.query(statement.text, [...statement.values]);
        if (setting.test(statement.text)) continue;
        const ms = performance.now() - startedAt;
        all += ms;
        if (rankings.has(statement)) ranking += ms;
      }
      await connection.query('commit');
      return { all, ranking };
    },
    close: () => connection.end(),
  };
}
