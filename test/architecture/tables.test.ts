import { describe, expect, it } from 'vitest';
import { readSource, sourceFiles } from './house.ts';

const tables = [...readSource('docs/schema.sql').matchAll(/^CREATE TABLE (?:public\.)?"?(\w+)"?/gm)].map(
  ([, table = '']) => table,
);
const files = sourceFiles.filter((file) => file.startsWith('src/'));

const usage = files.flatMap((file) => {
  const code = withoutComments(readSource(file));
  return tables.map((table) => ({ file, table, ...usesOf(code, table) }));
});

describe('a table', () => {
  it('is written in one room', () => {
    const rooms = tables.map((table) => {
      const writers = usage
        .filter((use) => use.table === table && use.writes)
        .map(({ file }) => roomOf(file));
      return [table, [...new Set(writers)]] as const;
    });
    expect(Object.fromEntries(rooms)).toEqual({
      api_keys: ['src/tenants'],
      article_classifications: ['src/articles'],
      article_cuts: ['src/vectors'],
      article_embeddings: ['src/embedding'],
      article_links: ['src/articles'],
      article_manifests: ['src/vectors'],
      article_merges: ['src/articles'],
      article_words: ['src/words'],
      articles: ['src/articles'],
      audit_log: ['src/audit'],
      blocked_operations: ['src/usage'],
      breakers: ['src/providers'],
      chunk_purchases: ['src/vectors'],
      chunk_refusals: ['src/vectors'],
      chunk_vectors: ['src/vectors'],
      daily_key_usage: ['src/usage'],
      embedding_profiles: ['src/providers'],
      embedding_spaces: ['src/vectors'],
      extraction_answers: ['src/extraction'],
      extraction_articles: ['src/extraction'],
      idempotency_keys: ['src/platform/idempotency'],
      ingestion_documents: ['src/ingestion'],
      ingestion_jobs: ['src/ingestion'],
      ingestion_parts: ['src/ingestion'],
      llm_settings: ['src/llm-config'],
      monthly_usage: ['src/usage'],
      outbox: ['src/outbox'],
      provider_calls: ['src/usage'],
      provider_keys: ['src/llm-config'],
      provider_limits: ['src/providers'],
      reviews: ['src/reviews'],
      search_cursors: ['src/search'],
      tenants: ['src/tenants'],
      token_ratios: ['src/usage'],
      unused_chunks: ['src/vectors'],
      usage_daily_sums: ['src/usage'],
      usage_ledger: ['src/usage'],
      word_versions: ['src/words'],
    });
  });

  it('is read by another room in its read models only', () => {
    const owner = new Map(
      usage.filter(({ writes }) => writes).map(({ table, file }) => [table, roomOf(file)]),
    );
    const wrong = usage
      .filter(({ file, table, reads }) => reads && roomOf(file) !== owner.get(table))
      .filter(({ file }) => !file.endsWith('-read-model.ts'))
      .map(({ file, table }) => `${file} reads ${table}`);
    expect(wrong).toEqual([]);
  });

  it('is named in stores and read models only', () => {
    const wrong = usage
      .filter(({ reads, writes }) => reads || writes)
      .filter(({ file }) => !/(^|[/-])store\.ts$|-read-model\.ts$/.test(file))
      .map(({ file, table }) => `${file} uses ${table}`);
    expect(wrong).toEqual([]);
  });
});

describe('the states of spaces', () => {
  it('are known to the room of vectors alone', () => {
    // The versions of words have states of the same names, in columns of their own.
    const wrong = files
      .filter((file) => !/^src\/(vectors|stack|words)\//.test(file))
      .filter((file) => {
        const code = withoutComments(readSource(file));
        return /\bstate\s*(=|in|<>)\s*\(?'/.test(code) || /'(serving|building|retired)'/.test(code);
      });
    expect(wrong).toEqual([]);
  });
});

describe('the search for uses of a table', () => {
  it.each([
    ["tx('articles').where({ id }).first('id');", { reads: true, writes: false }],
    ["tx('articles').where({ id }).update({ a: 1 });", { reads: true, writes: true }],
    ["tx('articles as a').insert({});", { reads: true, writes: true }],
    ['insert into articles (id) values (1)', { reads: false, writes: true }],
    ['select 1\n  from articles a', { reads: true, writes: false }],
    ['left join articles on true', { reads: true, writes: false }],
    [".leftJoin('articles as a', 'x', 'y')", { reads: true, writes: false }],
    ['delete from articles', { reads: true, writes: true }],
    ['update articles_of_others set a = 1', { reads: false, writes: false }],
    ["const articles = ['articles'];", { reads: false, writes: false }],
  ])('finds in %s what it does', (code, uses) => {
    expect(usesOf(code, 'articles')).toEqual(uses);
  });

  it('skips comments', () => {
    expect(withoutComments('/** from articles */ a // join articles\n -- update articles\nb').trim()).toBe(
      'a \n\nb',
    );
  });
});

function roomOf(file: string) {
  return file
    .split('/')
    .slice(0, file.startsWith('src/platform/') ? 3 : 2)
    .join('/');
}

/** The code without its comments, which may speak of every table. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
    .replace(/^\s*--.*$/gm, '');
}

/** How a piece of code uses a table: by SQL, or by the builder of statements. */
function usesOf(code: string, table: string): { readonly reads: boolean; readonly writes: boolean } {
  const name = `(?:public\\.)?${table}\\b`;
  const chains = [...code.matchAll(new RegExp(`\\btx\\w*\\('${table}( as \\w+)?'\\)[^;]*`, 'g'))].map(
    ([chain]) => chain,
  );
  const writes =
    new RegExp(`\\b(insert into|update|delete from|truncate)\\s+${name}`, 'i').test(code) ||
    chains.some((chain) => /\.(insert|update|delete|del|truncate)\(/.test(chain));
  const reads =
    chains.length > 0 ||
    new RegExp(`\\b(from|join)\\s+${name}`, 'i').test(code) ||
    new RegExp(`[jJ]oin\\('${table}\\b`).test(code);
  return { reads, writes };
}
