import type { Actor } from '../../domain/actor.ts';
import { articleHash } from '../../domain/article-text.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { Article, LinkedArticle } from '../article.ts';
import { insertLinks, listLinks } from '../link-store.ts';
import { attachState, type WriteRecords } from '../record-write.ts';
import { fittingTags, writtenArticleSchema } from '../schemas.ts';
import { insertArticle } from '../store.ts';
import type { MergeAnswer } from './merge-question.ts';

/**
 * Writes the draft that a model has made of two articles, its links and its audit row. Undefined for an answer that no article may
 * look like, such as one without a text.
 */
export type WriteDraft = (
  tx: Transaction,
  actor: Actor,
  id: string,
  sources: readonly Article[],
  answer: MergeAnswer,
) => Promise<LinkedArticle | undefined>;

/** Creates the writing of drafts. The proposal gate is not asked: a merged article is near its originals by its nature. */
export function createWriteDraft({
  records,
}: {
  readonly records: Pick<WriteRecords, 'recordWrite'>;
}): WriteDraft {
  return async (tx, actor, id, sources, answer) => {
    const { data: written } = writtenArticleSchema.safeParse(answer);
    if (written === undefined) return undefined;
    const { tenantId } = actor;
    const from = sources.map((source) => source.id);
    // Those of the originals first: where they are many, the model's are left out.
    const tags = fittingTags([...sources.flatMap((source) => source.tags), ...answer.tags]);
    const inserted = await insertArticle(tx, tenantId, {
      ...{ ...written, id, status: 'draft' },
      tags,
      sourceType: 'merge',
      metadata: { merged_from: from },
      contentHash: articleHash({ ...written, tags }),
      gateVerdict: 'skipped',
    });
    await insertLinks(tx, tenantId, id, from);
    const states = await records.recordWrite(
      tx,
      actor,
      { id, status: 'draft', revision: 1 },
      {
        action: 'article.merged',
        details: { from, category: written.category, status: 'draft' },
        changesWhatIsEmbedded: true,
      },
    );
    return { ...attachState(inserted, states), links: await listLinks(tx, tenantId, id) };
  };
}
