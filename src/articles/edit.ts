import { isDeepStrictEqual } from 'node:util';
import type { Actor } from '../domain/actor.ts';
import { articleHash } from '../domain/article-text.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { ArticleWords, WordIndex } from '../words/word-index.ts';
import type { Article, ArticleChanges } from './article.ts';
import type { Change, Changed } from './change.ts';
import type { Classifications } from './classification/classifications.ts';
import type { ExpectedRevision } from './if-match.ts';
import { attachState, type WriteRecords } from './record-write.ts';
import { findArticle, updateArticle } from './store.ts';

/** Changes fields. An edit that changes nothing raises no revision and leaves no audit row. */
export type EditArticle = (
  actor: Actor,
  id: string,
  changes: ArticleChanges,
  expected: ExpectedRevision,
) => Promise<Changed>;

export interface EditDeps {
  readonly database: Database;
  readonly change: Change;
  readonly classifications: Pick<Classifications, 'end'>;
  readonly wordIndex: WordIndex;
  readonly records: WriteRecords;
}

/** The words of an edited article, and the revision that they were found for. */
interface EditedWords {
  readonly revision: number;
  readonly words: ArticleWords;
}

/** What an article is found by: a change of any of these changes its words. */
const fieldsWithWords = ['title', 'body', 'category', 'tags', 'language'] as const;
const fields = [...fieldsWithWords, 'metadata'] as const;
type Field = (typeof fields)[number];

/**
 * Creates the edit. Its words are found before the transaction, which would otherwise hold a connection and the article's lock
 * for as long. Where another write comes between, they are found again: each further try means that another write is stored.
 */
export function createEdit(deps: EditDeps): EditArticle {
  const { database, change, classifications, wordIndex, records } = deps;

  const findWords = async (
    tenantId: string,
    id: string,
    changes: ArticleChanges,
  ): Promise<EditedWords | undefined> => {
    if (fieldsWithWords.every((field) => changes[field] === undefined)) return undefined;
    const current = await database.withTenant(tenantId, (tx) => findArticle(tx, tenantId, id));
    if (current === undefined || current.status === 'archived' || !hasOtherWords(current, changes))
      return undefined;
    const words = await wordIndex.analyze(tenantId, edited(current, changes));
    return { revision: current.revision, words };
  };

  const write = async (
    tx: Transaction,
    actor: Actor,
    current: Article,
    changes: ArticleChanges,
    words: ArticleWords | undefined,
  ): Promise<Changed> => {
    const differing = fieldsThatDiffer(current, changes);
    if (differing.length === 0) {
      return { kind: 'ok', article: await records.withState(tx, actor.tenantId, current) };
    }
    const { language: chosenLanguage, ...texts } = edited(current, changes);
    const hash = articleHash(texts);
    const { id, status } = current;
    // The words need nothing of the updated row, so that they share its round trip.
    const [updated] = await Promise.all([
      updateArticle(tx, actor.tenantId, id, {
        ...Object.fromEntries(
          differing.filter((field) => field !== 'language').map((field) => [field, changes[field]]),
        ),
        ...(words === undefined ? {} : { language: words.language, chosenLanguage }),
        contentHash: hash,
      }),
      words && wordIndex.replace(tx, actor.tenantId, { ...texts, id, status }, words),
    ]);
    const states = await records.recordWrite(tx, actor, updated, {
      action: 'article.updated',
      details: { fields: differing },
      changesWhatIsEmbedded: hash !== current.contentHash,
    });
    return { kind: 'ok', article: attachState(updated, states) };
  };

  const attempt = async (actor: Actor, id: string, changes: ArticleChanges, expected: ExpectedRevision) => {
    const found = await findWords(actor.tenantId, id, changes);
    return change<{ readonly kind: 'overtaken' }>(actor, id, expected, async (tx, current) => {
      if (current.status === 'archived') return { kind: 'not_allowed', status: current.status };
      const words = found?.revision === current.revision ? found.words : undefined;
      if (words === undefined && hasOtherWords(current, changes)) return { kind: 'overtaken' };
      // A named category is a person's choice, even if the article has it already.
      if (changes.category !== undefined) await classifications.end(tx, actor.tenantId, id);
      return write(tx, actor, current, changes, words);
    });
  };

  return async (actor, id, changes, expected) => {
    for (;;) {
      const changed = await attempt(actor, id, changes, expected);
      if (changed.kind !== 'overtaken') return changed;
    }
  };
}

/** What an article will be found by. */
function edited(current: Article, changes: ArticleChanges) {
  return {
    title: changes.title ?? current.title,
    body: changes.body ?? current.body,
    category: changes.category ?? current.category,
    tags: changes.tags ?? current.tags,
    language: changes.language === undefined ? current.chosenLanguage : changes.language,
  };
}

const hasOtherWords = (current: Article, changes: ArticleChanges) =>
  fieldsThatDiffer(current, changes).some((field) => field !== 'metadata');

/** Names of the fields whose values the changes alter. */
function fieldsThatDiffer({ chosenLanguage, ...current }: Article, changes: ArticleChanges): Field[] {
  const values = { ...current, language: chosenLanguage };
  return fields.filter(
    (field) => changes[field] !== undefined && !isDeepStrictEqual(changes[field], values[field]),
  );
}
