import { anthropicFaults } from './anthropic.ts';
import { articlesByModelFaults } from './articles-by-model.ts';
import { breakerFaults } from './breaker.ts';
import { budgetFaults } from './budget.ts';
import { catalogueFaults } from './catalogue.ts';
import { classificationFaults } from './classification.ts';
import { coalescingFaults } from './coalescing.ts';
import { custodyFaults } from './custody.ts';
import { dataKeysFaults } from './data-keys.ts';
import { extractionFaults } from './extraction.ts';
import { gateFaults } from './gate.ts';
import { guardFaults } from './guard.ts';
import { ingestionFaults } from './ingestion.ts';
import { ledgerFaults } from './ledger.ts';
import { limitsFaults } from './limits.ts';
import { logInsFaults } from './log-ins.ts';
import { mcpFaults } from './mcp.ts';
import { netFaults } from './net.ts';
import { outboxFaults } from './outbox.ts';
import { pacingFaults } from './pacing.ts';
import type { PlantedFault } from './planted-fault.ts';
import { rankingFaults } from './ranking.ts';
import { refusedKeysFaults } from './refused-keys.ts';
import { rerankingFaults } from './reranking.ts';
import { reviewsFaults } from './reviews.ts';
import { sanitizerFaults } from './sanitizer.ts';
import { spacesFaults } from './spaces.ts';
import { transactionsFaults } from './transactions.ts';
import { trialFaults } from './trial.ts';
import { walkFaults } from './walk.ts';

/** The planted faults by area. */
export const plantedFaults: ReadonlyMap<string, readonly PlantedFault[]> = new Map([
  ['guard', guardFaults],
  ['anthropic', anthropicFaults],
  ['breaker', breakerFaults],
  ['budget', budgetFaults],
  ['ledger', ledgerFaults],
  ['custody', custodyFaults],
  ['data-keys', dataKeysFaults],
  ['extraction', extractionFaults],
  ['catalogue', catalogueFaults],
  ['trial', trialFaults],
  ['refused-keys', refusedKeysFaults],
  ['sanitizer', sanitizerFaults],
  ['classification', classificationFaults],
  ['walk', walkFaults],
  ['coalescing', coalescingFaults],
  ['outbox', outboxFaults],
  ['spaces', spacesFaults],
  ['gate', gateFaults],
  ['ranking', rankingFaults],
  ['reranking', rerankingFaults],
  ['limits', limitsFaults],
  ['log-ins', logInsFaults],
  ['transactions', transactionsFaults],
  ['net', netFaults],
  ['pacing', pacingFaults],
  ['articles-by-model', articlesByModelFaults],
  ['ingestion', ingestionFaults],
  ['reviews', reviewsFaults],
  ['mcp', mcpFaults],
]);
