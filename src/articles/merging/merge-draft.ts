import type { Actor } from '../../domain/actor.ts';
import { articleHash } from '../../domain/article-text.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { ArticleWords, WordIndex } from '../../words/word-index.ts';
import type { Article, LinkedArticle } from '../article.ts';
import { insertLinks, listLinks } from '../link-store.ts';
import { attachState, type WriteRecords } from '../record-write.ts';
import { fittingTags, writtenArticleSchema } from '../schemas.ts';
import { insertArticle } from '../store.ts';
import type { MergeAnswer } from './merge-question.ts';

/** What a model has made of two articles. */
export type MergedText = Pick<Article, 'title' | 'body' | 'category' | 'tags'>;

/** The text that a model has written; undefined for an answer that no article may look like, such as one without a text. */
export function mergedText(sources: readonly Article[], answer: MergeAnswer): MergedText | undefined {
  const { data: written } = writtenArticleSchema.safeParse(answer);
  // The tags of the originals first: where they are many, the model's are left out.
  const tags = [...sources.flatMap((source) => source.tags), ...answer.tags];
  return written && { ...written, tags: fittingTags(tags) };
}

/** Writes the draft, its words, its links and its audit row. */
export type WriteDraft = (
  tx: Transaction,
  actor: Actor,
  id: string,
  sources: readonly Article[],
  merged: { readonly text: MergedText; readonly words: ArticleWords | undefined },
) => Promise<LinkedArticle>;

/** Creates the writing of drafts. The proposal gate is not asked: a merged article is near its originals by its nature. */
export function createWriteDraft({
  records,
  wordIndex,
}: {
  readonly records: Pick<WriteRecords, 'recordWrite'>;
  readonly wordIndex: Pick<WordIndex, 'replace'>;
}): WriteDraft {
  return async (tx, actor, id, sources, { text, words }) => {
    const { tenantId } = actor;
    const from = sources.map((source) => source.id);
    const inserted = await insertArticle(tx, tenantId, {
      ...{ ...text, id, status: 'draft' },
      sourceType: 'merge',
      language: words?.language ?? null,
      chosenLanguage: null,
      metadata: { merged_from: from },
      contentHash: articleHash(text),
      gateVerdict: 'skipped',
    });
    await wordIndex.replace(tx, tenantId, { ...text, id, status: 'draft' }, words);
    await insertLinks(tx, tenantId, id, from);
    const states = await records.recordWrite(
      tx,
      actor,
      { id, status: 'draft', revision: 1 },
      {
        action: 'article.merged',
        details: { from, category: text.category, status: 'draft' },
        changesWhatIsEmbedded: true,
      },
    );
    return { ...attachState(inserted, states), links: await listLinks(tx, tenantId, id) };
  };
}
