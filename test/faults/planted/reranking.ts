import type { PlantedFault } from './planted-fault.ts';

const order = ['test/unit/search/rerank-order.test.ts', 'test/api/search/reranking.test.ts'];
const cursors = ['test/unit/search/cursor.test.ts'];
const troubles = ['test/api/search/reranking-troubles.test.ts'];
const answers = ['test/unit/providers/rerank-answers.test.ts'];
const requests = ['test/unit/providers/rerank-request.test.ts'];

/** Faults in reranking. */
export const rerankingFaults: readonly PlantedFault[] = [
  {
    file: 'src/search/rerank.ts',
    find: 'right.score - left.score))',
    replace: 'left.score - right.score))',
    why: 'the worst hit comes first',
    tests: order,
  },
  {
    file: 'src/search/rerank.ts',
    find: 'places.get(id) ?? places.size',
    replace: 'places.get(id) ?? -1',
    why: 'hits that were not reranked come first',
    tests: order,
  },
  {
    file: 'src/search/rerank.ts',
    find: "worthKeeping: (answer) => answer.kind === 'scores'",
    replace: 'worthKeeping: () => false',
    why: 'a page that is read again is paid again',
    tests: order,
  },
  {
    file: 'src/search/rerank.ts',
    find: 'const asked = [tenantId, reranker.targetId, reranker.keyVersion];',
    replace: 'const asked = [tenantId, reranker.targetId];',
    why: 'scores of a former key are used',
    tests: order,
  },
  {
    file: 'src/search/rerank.ts',
    find: "if (answer.kind === 'failed' && lasting.includes(answer.code))",
    replace: 'if (lasting.length === 0)',
    why: 'a model that is not there is asked by each search',
    tests: troubles,
  },
  {
    file: 'src/search/next-cursor.ts',
    find: 'if (of.byVector || of.reranked) {',
    replace: 'if (of.byVector) {',
    why: 'hits by words that the reranker put behind the page are lost',
    tests: cursors,
  },
  {
    file: 'src/search/next-cursor.ts',
    find: '...(cursor?.keyword && { keyword: cursor.keyword }), seenIds',
    replace: 'seenIds',
    why: 'hits before a page without the reranker come again',
    tests: cursors,
  },
  {
    file: 'src/search/rank-search.ts',
    find: '(rerank ? Math.max(limit, rerankedHits) : limit)',
    replace: 'limit',
    why: 'only the hits of the page are reranked',
    tests: order,
  },
  {
    file: 'src/domain/operations.ts',
    find: "operation === 'rerank' ? operation : operations[operation].provider",
    replace: 'operations[operation].provider',
    why: 'a reranker that fails stops the vectors',
    tests: troubles,
  },
  {
    file: 'src/providers/make-call.ts',
    find: 'if (isKeyRejection(answer.code) && !mayOtherwise)',
    replace: 'if (isKeyRejection(answer.code))',
    why: 'a key that may not rerank is rejected for the vectors',
    tests: troubles,
  },
  {
    file: 'src/providers/status/provider-states.ts',
    find: 'await breaker.reset(tx, reranking);',
    replace: '',
    why: 'a reset leaves the breaker of reranking open',
    tests: troubles,
  },
  {
    file: 'src/providers/rerank/guarded-rerank.ts',
    find: '        divisible: true,\n',
    replace: '',
    why: 'a search that has no room for reranking marks the budget as used up',
    tests: troubles,
  },
  {
    file: 'src/providers/rerank/read-scores.ts',
    find: 'byIndex.size !== items.length || ',
    replace: '',
    why: 'a text that is scored twice has one of the scores',
    tests: answers,
  },
  {
    file: 'src/providers/rerank/read-scores.ts',
    find: 'items.some(({ index }) => index >= documents)',
    replace: 'false',
    why: 'scores of texts that were not sent are passed over',
    tests: answers,
  },
  {
    file: 'src/providers/rerank/rerank-request.ts',
    find: 'const maxCharacters = 1_500;',
    replace: 'const maxCharacters = 15_000;',
    why: 'texts are longer than a vendor takes',
    tests: requests,
  },
  {
    file: 'src/llm-config/rerank-model.ts',
    find: 'if (isKept || before.rerank_model === null)',
    replace: 'if (before.rerank_model !== undefined)',
    why: 'a model follows to a provider that does not have it',
    tests: ['test/api/llm-config/rerank-model.test.ts'],
  },
];
