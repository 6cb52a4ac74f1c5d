import { auditRetention } from '../audit/retention.ts';
import { boughtAnswerRetention } from '../extraction/retention.ts';
import { documentRetention } from '../ingestion/jobs/retention.ts';
import { answerRetention } from '../platform/idempotency/retention.ts';
import type { RetentionRule } from '../platform/retention/retention-rule.ts';
import { cursorRetention } from '../search/retention.ts';
import { callRetention, dailySumRetention, keyDayRetention, monthRetention } from '../usage/retention.ts';
import {
  chunkPurchaseRetention,
  chunkRefusalRetention,
  retiredSpaceRetention,
  unusedChunkRetention,
} from '../vectors/retention.ts';

/**
 * What ends the rows of a table. `retention`: its rule. `bounded`: nothing has to, because it holds a row for each of something
 * that is few. `kept`: nothing may. `with`: they go with rows of another table.
 */
export type TableEnd =
  | { readonly kind: 'retention'; readonly rule: RetentionRule }
  | { readonly kind: 'with'; readonly table: string }
  | { readonly kind: 'bounded'; readonly by: string }
  | { readonly kind: 'kept'; readonly because: string };

const by = (rule: RetentionRule): TableEnd => ({ kind: 'retention', rule });

/** The answer for every table of the schema. A new table needs one here. `auditDays`: how long the operator keeps audit rows. */
export function tableEnds(auditDays: number | undefined): Readonly<Record<string, TableEnd>> {
  const knowledge = { kind: 'kept', because: 'it is what the tenant has written' } as const;
  return {
    api_keys: { kind: 'kept', because: 'audit and usage name keys that are revoked' },
    article_classifications: { kind: 'with', table: 'articles' },
    article_cuts: { kind: 'with', table: 'articles' },
    article_embeddings: { kind: 'with', table: 'articles' },
    article_links: { kind: 'with', table: 'articles' },
    article_manifests: { kind: 'with', table: 'articles' },
    article_merges: { kind: 'bounded', by: 'merges under way: a tenant may have few' },
    article_words: { kind: 'with', table: 'articles' },
    articles: knowledge,
    audit_log:
      auditDays === undefined
        ? { kind: 'kept', because: 'the operator has set no AUDIT_RETENTION_DAYS' }
        : by(auditRetention(auditDays)),
    blocked_operations: { kind: 'bounded', by: 'operations' },
    breakers: { kind: 'bounded', by: 'providers' },
    chunk_purchases: by(chunkPurchaseRetention),
    chunk_refusals: by(chunkRefusalRetention),
    chunk_vectors: { kind: 'with', table: 'unused_chunks' },
    daily_key_usage: by(keyDayRetention),
    embedding_profiles: { kind: 'bounded', by: 'models, each at an address that the tenant has used' },
    embedding_spaces: by(retiredSpaceRetention),
    extraction_answers: by(boughtAnswerRetention),
    extraction_articles: knowledge,
    idempotency_keys: by(answerRetention),
    ingestion_documents: by(documentRetention),
    ingestion_jobs: knowledge,
    ingestion_parts: { kind: 'with', table: 'ingestion_jobs' },
    llm_settings: { kind: 'bounded', by: 'tenants' },
    monthly_usage: by(monthRetention),
    outbox: { kind: 'bounded', by: 'articles and jobs: a row goes when its signal is sent' },
    provider_calls: by(callRetention),
    provider_keys: { kind: 'bounded', by: 'providers' },
    provider_limits: { kind: 'bounded', by: 'providers' },
    reviews: knowledge,
    search_cursors: by(cursorRetention),
    tenants: { kind: 'kept', because: 'the operator creates and deletes them' },
    token_ratios: { kind: 'bounded', by: 'models' },
    unused_chunks: by(unusedChunkRetention),
    usage_daily_sums: by(dailySumRetention),
    usage_ledger: { kind: 'with', table: 'provider_calls' },
    word_versions: { kind: 'bounded', by: 'tenants' },
  };
}
