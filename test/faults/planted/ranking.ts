import type { PlantedFault } from './planted-fault.ts';

const search = ['test/api/search/search.test.ts'];
const pages = ['test/api/search/pages.test.ts'];
const wordRanking = ['test/integration/search/word-ranking.test.ts'];
const longCursors = ['test/api/search/long-cursors.test.ts'];
const queries = ['test/integration/search/query-embedding.test.ts'];
const nearest = ['test/integration/vectors/nearest.test.ts'];
const fusion = ['test/unit/search/fusion.test.ts'];
const cursors = ['test/unit/search/cursor.test.ts'];
const anyText = ['test/unit/domain/words/any-text.test.ts'];
const parsing = ['test/unit/domain/words/parse-query.test.ts'];
const both = ['test/integration/search/ranking.test.ts'];

/** Faults in the order and the pages of a search. */
export const rankingFaults: readonly PlantedFault[] = [
  {
    file: 'src/search/ranking.ts',
    find: 'Math.max(hybridPool, limit + 1)',
    replace: 'limit + 1',
    why: 'too few hits of each ranking are fused',
    tests: [...both, ...search],
  },
  {
    file: 'src/search/ranking.ts',
    find: ', excluded: excluded ?? undefined }',
    replace: ' }',
    why: 'the minus is lost in a search by meaning',
    tests: search,
  },
  {
    file: 'src/search/fusion.ts',
    find: 'words.known ** 3 * evidence * Math.sqrt(share)',
    replace: 'evidence',
    why: 'words decide where most of the query is in no article',
    tests: fusion,
  },
  {
    file: 'src/search/fusion.ts',
    find: '(usual ?? meaning.mean)',
    replace: 'meaning.mean',
    why: 'a text in the language of the query comes before the answer in another',
    tests: fusion,
  },
  {
    file: 'src/search/fusion.ts',
    find: 'first.share >= surePart',
    replace: 'first.share > 1',
    why: 'meaning pushes a sure hit by words away',
    tests: [...fusion, ...both],
  },
  {
    file: 'src/search/fusion.ts',
    find: 'right.score - left.score || (left.id < right.id ? -1 : 1)',
    replace: 'right.score - left.score',
    why: 'equal scores are in the order of the lists',
    tests: fusion,
  },
  ...(
    [
      ['[tenantId, q, mode,', '[q, mode,', 'the tenant'],
      ['[tenantId, q, mode,', '[tenantId, q,', 'the mode'],
      ['category ?? null, tags', 'tags', 'the category'],
      ["tags ?? [], tagsMatch ?? 'all'", "tagsMatch ?? 'all'", 'the tags'],
      ["tags ?? [], tagsMatch ?? 'all'", 'tags ?? []', 'the way to match tags'],
      ["[...parts, ...(rerank ? ['rerank'] : [])]", 'parts', 'reranking'],
    ] as const
  ).map(([find, replace, what]) => ({
    file: 'src/search/cursor.ts',
    find,
    replace,
    why: `a cursor is not tied to ${what}`,
    tests: cursors,
  })),
  {
    file: 'src/search/next-cursor.ts',
    find: 'seen.length > maxSeenIds - 1',
    replace: 'seen.length > 10 * maxSeenIds',
    why: 'a cursor by meaning grows without an end',
    tests: pages,
  },
  {
    file: 'src/search/next-cursor.ts',
    find: 'byKeyword.slice(-kept)',
    replace: 'byKeyword.slice(0, kept)',
    why: 'the articles shown last are forgotten first',
    tests: cursors,
  },
  {
    file: 'src/search/page.ts',
    find: 'unseen.length > limit',
    replace: 'unseen.length >= limit',
    why: 'a full last page announces an empty one',
    tests: both,
  },
  {
    file: 'src/search/keyword/keyword.ts',
    find: 'if (found > 0) terms[index] = { as, count: found };',
    replace: '',
    why: 'neither the beginning of a word nor its right spelling is sought',
    tests: [...search, 'test/api/search/search-kinds.test.ts'],
  },
  {
    file: 'src/search/keyword/statistics.ts',
    find: 'if (count >= countedAtMost) counts.set',
    replace: 'counts.set',
    why: 'a word that no article had is not found for a minute',
    tests: wordRanking,
  },
  {
    file: 'src/search/keyword/resolution.ts',
    find: 'count === 0 && typed.isCommon && resolution.withCommon',
    replace: 'count < 0',
    why: 'a common word that is left out is said to be in no article',
    tests: wordRanking,
  },
  {
    file: 'src/search/page.ts',
    find: 'unseen.length > limit && judged.some(({ relevance }) => relevance >= minRelevance)',
    replace: 'unseen.length > limit',
    why: 'pages without a relevant hit go on to the end of the list',
    tests: ['test/api/search/relevance.test.ts'],
  },
  {
    file: 'src/search/passages/places.ts',
    find: 'length: Math.min(most, length)',
    replace: 'length',
    why: 'a passage of long words reads all of its body',
    tests: ['test/integration/search/words-cost.test.ts'],
  },
  {
    file: 'migrations/001_baseline/word-search.ts',
    find: ' or (ranked.score = after_score and ranked.id > after_id)',
    replace: '',
    why: 'articles of equal score are lost between two pages',
    tests: wordRanking,
  },
  {
    file: 'migrations/001_baseline/short-rankings.ts',
    find: ' or (ranked.score = after_score and ranked.article_id > after_id)',
    replace: '',
    why: 'articles of equal score are lost between two pages of a short ranking',
    tests: wordRanking,
  },
  {
    file: 'migrations/001_baseline/short-rankings.ts',
    find: 'length_base + length_each * w.length as norm',
    replace: 'length_base + length_each as norm',
    why: 'a short ranking takes a long article for a short one',
    tests: wordRanking,
  },
  {
    file: 'src/search/keyword/statistics.ts',
    find: '!isLarge && expected !== undefined && areSame(expected, of.languages)',
    replace: '!isLarge && expected !== undefined',
    why: 'the first article of a language is not found by its stems',
    tests: wordRanking,
  },
  {
    file: 'src/search/keyword/keyword.ts',
    find: 'await resolve(tx, tenantId, query, { ...counted, counts })',
    replace: 'await resolve(tx, tenantId, takeBackCommon(query, languages), { ...counted, counts })',
    why: 'the counts are those of other terms',
    tests: [...pages, ...wordRanking],
  },
  {
    file: 'src/search/cursor-store.ts',
    find: '.skipLocked()',
    replace: '',
    why: 'searches wait for each other at expired cursors',
    tests: longCursors,
  },
  {
    file: 'src/search/query-embedding.ts',
    find: 'space.id, admission.key.version, hashOf(text)',
    replace: 'space.id, hashOf(text)',
    why: 'a vector bought with the key before is used with a new one',
    tests: queries,
  },
  {
    file: 'src/search/hits-read-model.ts',
    find: "and id = wanted.id and status = 'published'",
    replace: 'and id = wanted.id',
    why: 'an article unpublished after the ranking is shown',
    tests: both,
  },
  {
    file: 'src/vectors/nearest-store.ts',
    find: "where distance <> 'NaN'",
    replace: 'where true',
    why: 'a vector without direction is a hit',
    tests: nearest,
  },
  {
    file: 'src/vectors/nearest-store.ts',
    find: 'preferIndex(tx), ranking(), preferNothing(tx)',
    replace: 'preferIndex(tx), ranking()',
    why: 'the rest of the transaction may not sort',
    tests: nearest,
  },
  {
    file: 'src/search/keyword/words-read-model.ts',
    find: 'isSure && expected <= fewRankings',
    replace: 'expected <= fewRankings',
    why: 'the statement for few articles ranks as many as an option or a cursor hides',
    tests: wordRanking,
  },
  {
    file: 'src/search/keyword/vocabulary.ts',
    find: '      .slice(0, maxCompared)',
    replace: '',
    why: 'a text of new words keeps the event loop',
    tests: ['test/integration/search/vocabulary.test.ts'],
  },
  {
    file: 'src/vectors/backgrounds.ts',
    find: 'isAbout(articles, last.articles)',
    replace: 'articles > 0',
    why: 'the first articles of a tenant are judged for a minute by those before them',
    tests: ['test/integration/vectors/backgrounds.test.ts'],
  },
  {
    file: 'src/platform/postgres/database.ts',
    find: ", enable_seqscan: 'off'",
    replace: '',
    why: 'a kept plan reads the rows of all tenants',
    tests: ['test/integration/search/warm-caches.test.ts'],
  },
  {
    file: 'src/search/keyword/spelling.ts',
    find: 'articles > other.articles',
    replace: 'articles < other.articles',
    why: 'the rarest of equal spellings',
    tests: ['test/unit/search/spelling.test.ts'],
  },
  {
    file: 'src/vectors/nearest.ts',
    find: '\n  return rankAll(tx, tenantId, query);\n}',
    replace: '\n  return near;\n}',
    why: 'too few hits of the index are all that a search gets',
    tests: nearest,
  },
  {
    file: 'src/search/keyword/wording.ts',
    find: 'Math.log(1 + (Math.max(articles, count) - count + 0.5) / (count + 0.5))',
    replace: '1 + 0 * (articles + count)',
    why: 'a rare word weighs as much as a common one',
    tests: wordRanking,
  },
  {
    file: 'migrations/001_baseline/word-search.ts',
    find: 'length_base + length_each * w.length as norm',
    replace: 'length_base + length_each as norm',
    why: 'a long article goes before a short one with the same words',
    tests: [...both, ...wordRanking],
  },
  {
    file: 'migrations/001_baseline/word-search.ts',
    find: 'scores[at_most - found] >= rest',
    replace: 'true',
    why: 'the best of those with some of the words are lost',
    tests: wordRanking,
  },
  {
    file: 'src/search/keyword/words-read-model.ts',
    find: "where tenant_id = $1 and id = r.article_id and status = 'published' offset 0",
    replace: 'offset 0',
    why: 'what a wrong function answers is shown',
    tests: wordRanking,
  },
  {
    file: 'src/search/ranking.ts',
    find: "limit: seen + (mode === 'hybrid'",
    replace: "limit: (mode === 'hybrid'",
    why: 'later pages by meaning run out',
    tests: pages,
  },
  {
    file: 'src/domain/words/query-terms.ts',
    find: 'query: eitherOf(one.query, other.query)',
    replace: 'query: anyOf([one.query, other.query]) ?? one.query',
    why: 'one of two names with the same parts is no query that Postgres reads',
    tests: parsing,
  },
  {
    file: 'src/domain/words/query-terms.ts',
    find: ".filter((form) => form !== '' && form !== derivedMark)",
    replace: '',
    why: 'a word of signs that stretch others begins with an empty word, which Postgres refuses',
    tests: anyText,
  },
  {
    file: 'src/domain/words/run-words.ts',
    find: 'const word = bounded(segment);',
    replace: 'const word = segment;',
    why: 'an article with a word of many marks cannot be stored',
    tests: anyText,
  },
];
