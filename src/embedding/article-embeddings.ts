import type { Outbox } from '../outbox/outbox.ts';
import type { ArticleEmbeddings } from './ports.ts';
import { markRetried, readStates, upsertWrittenState } from './status-store.ts';

/** The embedding's half of an article's write: its state and its outbox row, in the write's own transaction. */
export function createArticleEmbeddings(deps: { readonly outbox: Outbox }): ArticleEmbeddings {
  const { outbox } = deps;
  return {
    async articleWritten(tx, { tenantId, articleId, published, needsEmbedding }) {
      if (!published) {
        await upsertWrittenState(tx, tenantId, articleId, 'not_applicable');
        return undefined;
      }
      if (!needsEmbedding) return undefined;
      const [ticket] = await Promise.all([
        outbox.enqueue(tx, { tenantId, kind: 'article', subjectId: articleId }),
        upsertWrittenState(tx, tenantId, articleId, 'pending'),
      ]);
      return ticket;
    },
    async retryWanted(tx, tenantId, articleId) {
      await markRetried(tx, tenantId, articleId);
      return outbox.enqueue(tx, { tenantId, kind: 'article', subjectId: articleId });
    },
    dispatch(ticket) {
      if (ticket !== undefined) outbox.dispatch(ticket);
    },
    statesOf: readStates,
  };
}
