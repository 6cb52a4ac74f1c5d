import type { Actor } from '../domain/actor.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Article, ArticleStatus, ArticleWithEmbedding } from './article.ts';
import { type ExpectedRevision, meets } from './if-match.ts';
import { lockArticle } from './store.ts';

/** The result of a change to one article. */
export type Changed =
  | { readonly kind: 'ok'; readonly article: ArticleWithEmbedding }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'revision_mismatch'; readonly revision: number }
  /** The article's status allows neither this transition nor, when archived, an edit. */
  | { readonly kind: 'not_allowed'; readonly status: ArticleStatus };

/** Changes one article: locks it, checks its revision and writes it by `apply`. */
export type Change = <Other = never>(
  actor: Actor,
  id: string,
  expected: ExpectedRevision,
  apply: (tx: Transaction, current: Article) => Promise<Changed | Other>,
) => Promise<Changed | Other>;

/** Creates the frame of every change. */
export function createChange({ database }: { readonly database: Database }): Change {
  return <Other>(
    actor: Actor,
    id: string,
    expected: ExpectedRevision,
    apply: (tx: Transaction, current: Article) => Promise<Changed | Other>,
  ) =>
    database.withTenant(actor.tenantId, async (tx): Promise<Changed | Other> => {
      const current = await lockArticle(tx, actor.tenantId, id);
      if (current === undefined) return { kind: 'not_found' };
      if (!meets(expected, current.revision)) {
        return { kind: 'revision_mismatch', revision: current.revision };
      }
      return apply(tx, current);
    });
}
