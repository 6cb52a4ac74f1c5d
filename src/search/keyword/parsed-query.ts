import { maxTerms, parseQuery, type WordsQuery } from '../../domain/words/parse-query.ts';

/** A query that is parsed once for the same languages. */
export function createParsedQuery(q: string): { in(languages: readonly string[]): WordsQuery } {
  const parsed = new Map<string, WordsQuery>();
  return {
    in(languages) {
      const key = languages.join(' ');
      const query = parsed.get(key) ?? parseQuery(q, languages);
      parsed.set(key, query);
      return query;
    },
  };
}

/** The query with the common words that it has left out. */
export function takeBackCommon(query: WordsQuery, languages: readonly string[]): WordsQuery {
  const common = query.ignored.filter(({ reason }) => reason === 'common').map(({ typed }) => typed);
  if (common.length === 0) return query;
  return {
    terms: [...query.terms, ...parseQuery(common.join(' '), languages).terms].slice(0, maxTerms),
    exclusions: query.exclusions,
    ignored: query.ignored.filter(({ reason }) => reason !== 'common'),
  };
}
