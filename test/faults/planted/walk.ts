import type { PlantedFault } from './planted-fault.ts';

const activities = ['test/integration/embedding/embed-article-activities.test.ts'];
const races = ['test/integration/embedding/complete-races.test.ts'];
const steps = ['test/integration/embedding/steps-counted.test.ts'];
const workflow = ['test/workflows/embed-article.test.ts'];
const counted = ['test/workflows/embed-article-steps.test.ts'];
const backlog = ['test/integration/embedding/backlog.test.ts'];

/** Faults in the walk that embeds an article, and in the backlog that starts it. */
export const walkFaults: readonly PlantedFault[] = [
  {
    file: 'src/embedding/complete.ts',
    find: "findArticleText(tx, tenantId, articleId, 'share')",
    replace: "findArticleText(tx, tenantId, articleId, 'none')",
    why: 'compare-and-set without the row lock',
    tests: races,
  },
  {
    file: 'src/embedding/complete.ts',
    find: '    await lockStatus(tx, tenantId, articleId);\n',
    replace: '',
    why: 'a change of model comes between the look at the model and the completion',
    tests: races,
  },
  {
    file: 'src/embedding/complete.ts',
    find: ' || current.content_hash !== done.contentHash) return false;',
    replace: ') return false;',
    why: 'vectors of an old text complete the new one',
    tests: activities,
  },
  {
    file: 'src/embedding/complete.ts',
    find: 'embedding_model !== done.model) return false;',
    replace: 'embedding_model !== done.model) void 0;',
    why: 'vectors of the old model complete an article',
    tests: backlog,
  },
  {
    file: 'src/embedding/embed-article.ts',
    find: 'const left = missing.length - batch.length;',
    replace: 'const left = chunks.length - batch.length;',
    why: 'chunks left counted from all instead of from what was missing: one idle step more',
    tests: steps,
  },
  {
    file: 'src/embedding/embed-article.ts',
    find: ' || text.content_hash !== contentHash) return undefined;',
    replace: ') return undefined;',
    why: 'a text that has changed since the check is bought',
    tests: activities,
  },
  {
    file: 'src/embedding/embed-article.ts',
    find: "status === 'pending' ? 'failed' : status",
    replace: 'status',
    why: 'an article that was given up by an open breaker stays pending',
    tests: ['test/integration/embedding/give-up.test.ts'],
  },
  {
    file: 'src/embedding/plan.ts',
    find: 'missing: [...distinct.values()], space }',
    replace: 'missing: chunks, space }',
    why: 'the first article of a tenant buys a repeated chunk twice',
    tests: steps,
  },
  {
    file: 'src/embedding/status-store.ts',
    find: "    .whereNot({ status: 'not_applicable' })\n",
    replace: '',
    why: 'a draft is shown as failed',
    tests: activities,
  },
  {
    file: 'src/embedding/status-store.ts',
    find: '.merge({ status, reason: null, next_attempt_at: null,',
    replace: '.merge({ status, reason: null,',
    why: 'an edited article still announces the attempt for its old text',
    tests: steps,
  },
  {
    file: 'workflows/EmbedArticle.ts',
    find: 'waitingSince ??= Date.now();',
    replace: 'waitingSince = Date.now();',
    why: 'a breaker that stays open is waited for without an end',
    tests: workflow,
  },
  {
    file: 'workflows/EmbedArticle.ts',
    find: "      case 'changed':\n        await recordUsage(input);\n",
    replace: "      case 'changed':\n",
    why: 'a call for a text that changed meanwhile is in no ledger',
    tests: counted,
  },
  {
    file: 'workflows/EmbedArticle.ts',
    find: '  await recordUsage(article);\n',
    replace: '',
    why: 'the batches before a failed one are in no ledger',
    tests: counted,
  },
  {
    file: 'workflows/EmbedArticle.ts',
    find: '  await giveUp({ ...article, code });\n  if (changes.any) return;\n',
    replace: '  await giveUp({ ...article, code });\n',
    why: 'a run fails although the text was edited while it gave up',
    tests: workflow,
  },
  {
    file: 'workflows/EmbedArticle.ts',
    find: '        inputTokens += generated.inputTokens;\n        busyTimes = 0;\n',
    replace: '        inputTokens += generated.inputTokens;\n',
    why: 'waits for a slot stay long after a batch that got one',
    tests: counted,
  },
  {
    file: 'workflows/EmbedBacklog.ts',
    find: 'const maxUnderWay = 200;',
    replace: 'const maxUnderWay = 2_000;',
    why: 'a backlog puts all articles on their way',
    tests: ['test/workflows/embed-backlog.test.ts'],
  },
  {
    file: 'workflows/EmbedBacklog.ts',
    find: 'waitMs = Math.min(waitMs * 1.5, longestWaitMs);',
    replace: 'waitMs = waitMs * 1.5;',
    why: 'the looks of a long backlog become rarer without a bound',
    tests: ['test/workflows/embed-backlog.test.ts'],
  },
  {
    file: 'workflows/Reconcile.ts',
    find: 'if (!relayed.more) break;',
    replace: 'if (!relayed.more || relayed.failed > 0) break;',
    why: 'one failure ends the sweep of a full outbox',
    tests: ['test/workflows/reconcile.test.ts'],
  },
  {
    file: 'src/embedding/complete.ts',
    find: "current?.status !== 'published' || current",
    replace: 'current === undefined || current',
    why: 'an article that became a draft during the call is completed',
    tests: steps,
  },
  {
    file: 'src/embedding/status-store.ts',
    find: "status: 'embedded',\n      reason: null,",
    replace: "status: 'embedded',",
    why: 'an embedded article still shows why it was not',
    tests: steps,
  },
  {
    file: 'src/embedding/status-store.ts',
    find: "embedded_at: tx.raw('clock_timestamp()'),\n      next_attempt_at: null,",
    replace: "embedded_at: tx.raw('clock_timestamp()'),",
    why: 'an embedded article still announces an attempt',
    tests: steps,
  },
  {
    file: 'src/embedding/embed-article.ts',
    find: "code === 'circuit_open' || (code === 'budget_exhausted' && retryAfterMs !== undefined)",
    replace: "code === 'circuit_open'",
    why: 'an article fails by a budget that is only reserved',
    tests: steps,
  },
  {
    file: 'src/embedding/buy.ts',
    find: '      expectedModel: model,\n',
    replace: '      model,\n',
    why: 'after a change of model the vectors of the old one are bought on',
    tests: steps,
  },
  {
    file: 'workflows/EmbedArticle.ts',
    find: 'Math.max(pass.retryInMs, 500)',
    replace: 'pass.retryInMs',
    why: 'a pass that comes early waits again and again',
    tests: counted,
  },
];
