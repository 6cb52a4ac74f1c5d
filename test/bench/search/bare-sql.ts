import { stemmer } from '@orama/stemmers/english';
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
  return new Set([...last(/\b(ts_rank|rank_by_words|rank_few_by_words)\(/), ...last(/<=>/)]);
}

/**
 * The ranking by words as somebody would write it by hand: one statement over the index, with the tenant as a condition and no
 * policies. It counts the articles of each word and ranks those with all of them, and with some, by BM25.
 */
export function bareRanking(tenant: number, q: string): Statement {
  const words = q.split(' ');
  const each = (of: (place: number) => string, between: string) =>
    words.map((_, index) => of(index + 2)).join(between);
  const mine = `w.tenant_id = $1 and w.status = 'published'`;
  const occurrences = (place: number) =>
    `0.608 / (1.0006 - ts_rank('{1,1,1,1}', w.words, $${place}::tsquery)::float8) - 0.607`;
  return {
    text: `with tenant as materialized (
       select count(*) as articles, avg(length)::float8 as length from article_words w where ${mine}
     ), counted as materialized (
       select ${each((place) => `(select count(*) from article_words w where ${mine} and w.words @@ $${place}::tsquery) as n${place}`, ', ')}
     )
     select w.article_id, (${each((place) => `w.words @@ $${place}::tsquery`, ' and ')}) as whole,
            ${each((place) => `ln(1 + (articles - n${place} + 0.5) / (n${place} + 0.5)) * (1 - 2 / (2 + ${occurrences(place)} / (0.25 + 0.75 * w.length / tenant.length)))`, ' + ')} as score
       from tenant, counted, article_words w
      where ${mine} and w.words @@ (${each((place) => `$${place}::tsquery`, ' || ')})
      order by whole desc, score desc, w.article_id
      limit 11`,
    values: [tenantIdOf(tenant), ...words.map((word) => soughtForms(word))],
  };
}

/** A word and its stem, as the analyzer stores them, as the text of a tsquery. */
function soughtForms(word: string): string {
  const stem = stemmer(word);
  return [...new Set([word, `~${word}`, stem, `~${stem}`])].map((form) => `'${form}'`).join(' | ');
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
