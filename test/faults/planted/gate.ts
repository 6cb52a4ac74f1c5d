import type { PlantedFault } from './planted-fault.ts';

const gate = ['test/api/proposals/gate.test.ts'];
const failures = ['test/api/proposals/gate-failures.test.ts'];
const rules = ['test/unit/proposals/gate.test.ts', 'test/unit/proposals/similarity.test.ts'];
const thresholds = ['test/unit/proposals/verdict.test.ts'];
const decision = ['test/integration/proposals/decide-by-comparison.test.ts'];
const words = ['test/unit/domain/sentences/compare-words.test.ts'];
const said = ['test/api/proposals/said-words.test.ts'];
const candidates = ['test/integration/proposals/candidates.test.ts'];
const locks = ['test/integration/locks/locks-by-tenant.test.ts'];
const purchase = ['test/integration/proposals/buy-vectors.test.ts'];

/** Faults in the gate that compares a proposal with what is there. */
export const gateFaults: readonly PlantedFault[] = [
  {
    file: 'src/proposals/decision.ts',
    find: 'similarity >= lowNoveltyFrom ?',
    replace: 'similarity > lowNoveltyFrom ?',
    why: 'exactly the bound is novel',
    tests: thresholds,
  },
  {
    file: 'src/proposals/store.ts',
    find: 'pg_advisory_xact_lock(hashtextextended(?, 0))',
    replace: 'hashtextextended(?, 0)',
    why: 'two processes compare at the same time',
    tests: locks,
  },
  {
    file: 'src/proposals/gate.ts',
    find: 'mutex.acquire(tenantId, leftMs())',
    replace: 'mutex.acquire(tenantId, timeoutMs)',
    why: 'the wait for the mutex begins anew after the call',
    tests: ['test/unit/proposals/gate-time.test.ts'],
  },
  {
    file: 'src/proposals/gate.ts',
    find: 'await tx.savepoint((inner) => proposals.store(inner, tenantId, article, assessment.proposal));',
    replace: 'await proposals.store(tx, tenantId, article, assessment.proposal);',
    why: 'vectors that cannot be stored cost the article',
    tests: failures,
  },
  {
    file: 'src/proposals/decide-by-comparison.ts',
    find: '  await endComparison(tx);\n',
    replace: '',
    why: 'the time limit of the comparison stays for the write',
    tests: decision,
  },
  {
    file: 'src/proposals/similarity.ts',
    find: 'least < nearlyEqualFrom ? Math.min(mean, mostOfAnother) : mean',
    replace: 'mean',
    why: 'the new section of a long article does not show in its similarity',
    tests: rules,
  },
  {
    file: 'src/proposals/comparison-budget.ts',
    find: 'maxNumbers / (articleChunks * dimensions)',
    replace: 'maxNumbers / dimensions',
    why: 'the comparison of a long proposal has no bound',
    tests: ['test/unit/proposals/comparison-budget.test.ts'],
  },
  {
    file: 'src/proposals/text.ts',
    find: '(weights.get(hash) ?? 0) + approxTokens',
    replace: 'approxTokens',
    why: 'a chunk that is repeated weighs once',
    tests: thresholds,
  },
  {
    file: 'src/proposals/vectors.ts',
    find: 'article.published && isComplete(proposal)',
    replace: 'article.published',
    why: 'an article with some of its vectors is shown as searchable',
    tests: gate,
  },
  {
    file: 'src/proposals/vectors.ts',
    find: 'asked ?? key.target',
    replace: 'key.target',
    why: 'a proposal is embedded by a model whose space does not serve yet',
    tests: gate,
  },
  {
    file: 'src/proposals/buy-vectors.ts',
    find: 'const parts = [\n    tenantId,\n    keyVersion,',
    replace: 'const parts = [\n    tenantId,',
    why: 'vectors bought with the key before are used with a new one',
    tests: purchase,
  },
  {
    file: 'src/proposals/buy-vectors.ts',
    find: "worthKeeping: (bought) => bought.kind === 'bought'",
    replace: 'worthKeeping: () => true',
    why: 'a failure of the provider is remembered for a minute',
    tests: purchase,
  },
  {
    file: 'src/articles/article-creation.ts',
    find: 'assessment.release();',
    replace: '',
    why: 'the mutex is kept after the write: the next proposal is not compared',
    tests: gate,
  },
  {
    file: 'src/proposals/store.ts',
    find: 'hashtextextended(?, 0)',
    replace: 'hashtextextended(left(?, 8), 0)',
    why: 'tenants wait for each other’s proposals',
    tests: locks,
  },
  {
    file: 'src/proposals/decide-by-comparison.ts',
    find: '  await lockProposals(tx, tenantId, leftMs());\n',
    replace: '',
    why: 'a comparison takes no lock',
    tests: locks,
  },
  {
    file: 'src/proposals/comparison.ts',
    find: '.sort(([, a], [, b]) => b - a)',
    replace: '.sort(([, a], [, b]) => a - b)',
    why: 'of many candidates the worst are compared',
    tests: ['test/integration/proposals/candidates.test.ts'],
  },
  {
    file: 'src/proposals/comparison.ts',
    find: 'similar.sort((a, b) => b.similarity - a.similarity)',
    replace: 'similar',
    why: 'the nearest article is not the first',
    tests: ['test/integration/proposals/candidates.test.ts'],
  },
  {
    file: 'src/domain/retry-time.ts',
    find: 'new Date(Date.now() + retryAfterMs)',
    replace: 'new Date(Date.now() - retryAfterMs)',
    why: 'the gate says a time that is over',
    tests: failures,
  },
  {
    file: 'src/proposals/texts-read-model.ts',
    find: "proposal.status === 'draft' ? ['low_novelty', 'novel'] : ['low_novelty']",
    replace: "proposal.status === 'draft' ? ['low_novelty', 'novel'] : ['low_novelty', 'novel']",
    why: 'a proposal to be published is a duplicate of its author’s draft',
    tests: candidates,
  },
  {
    file: 'src/proposals/texts-read-model.ts',
    find: 'window likeliest as (order by is_published desc, score desc, created_at, id)',
    replace: 'window likeliest as (order by created_at, id)',
    why: 'an older draft goes before the published article with the same text',
    tests: candidates,
  },
  {
    file: 'src/proposals/texts-read-model.ts',
    find: 'where f.bytes_so_far <= :maxBytes',
    replace: 'where :maxBytes > 0',
    why: 'the texts that one proposal is compared with have no bound',
    tests: candidates,
  },
  {
    file: 'src/proposals/decide-by-comparison.ts',
    find: '    .filter(({ articleId }) => articleId !== saidBy?.id)\n',
    replace: '',
    why: 'the article that says all is listed twice',
    tests: decision,
  },
  {
    file: 'src/proposals/words.ts',
    find: "return { kind: 'compared', differs: differs.length > 0 ? differs : compared.differs };",
    replace: "return { kind: 'compared', differs };",
    why: 'a draft does not show what differs',
    tests: said,
  },
  {
    file: 'src/proposals/words.ts',
    find: "if (before !== undefined) return { kind: 'compared', differs };",
    replace: '',
    why: 'a proposal is compared again and again before its decision',
    tests: ['test/unit/proposals/words.test.ts'],
  },
  {
    file: 'src/proposals/texts-read-model.ts',
    find: 'words_so_far <= :maxDraftWords and words @@ cast(:words as tsquery)',
    replace: 'false',
    why: 'two parts of a document that say the same give two drafts',
    tests: ['test/api/proposals/gate-at-once.test.ts'],
  },
  {
    file: 'src/domain/sentences/said-by.ts',
    find: 'if (found === undefined) return false;',
    replace: 'if (found === undefined) return anywhere.has(sentence);',
    why: '"use Y" under "do" is lost where it stands under "do not"',
    tests: words,
  },
  {
    file: 'src/domain/sentences/said-by.ts',
    find: 'isUnder(heading, name) || isBehind(heading, name)',
    replace: 'heading !== undefined',
    why: 'sections of one name stand for each other',
    tests: words,
  },
  {
    file: 'src/domain/sentences/fold-sentence.ts',
    find: 'if (behindNumber && core.length <= maxUnit) return noUnits.has(lower);',
    replace: '',
    why: 'milliwatts and megawatts are the same',
    tests: words,
  },
  {
    file: 'src/domain/sentences/fold-sentence.ts',
    find: "const endMarks = '.…",
    replace: "const endMarks = '?.…",
    why: 'a question is taken for its answer',
    tests: words,
  },
  {
    file: 'src/domain/sentences/split-sentences.ts',
    find: '(own.isShort || before.isShort || before.asks)',
    replace: 'before.asks && own.text === ""',
    why: 'the answers of two questions change places unseen',
    tests: words,
  },
  {
    file: 'src/domain/sentences/split-sentences.ts',
    find: '|| abbreviations.has(letters)',
    replace: '',
    why: 'halves of sentences are put together to one that nowhere stands',
    tests: words,
  },
  {
    file: 'src/domain/sentences/inline-markup.ts',
    find: '/^\\w+$/.test(inner) ? whole : inner',
    replace: 'inner',
    why: '__init__ and init are the same',
    tests: words,
  },
];
