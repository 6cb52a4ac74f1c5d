import type { CreateArticle, Created } from '../articles/article-creation.ts';
import { readThrown } from '../domain/thrown.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { DatabaseUnavailable, RequestEnded } from '../platform/postgres/unavailable.ts';
import { openAnswer, type Proposal } from './answer.ts';
import { findSealed } from './answer-store.ts';
import type { Extraction, Passage } from './extraction.ts';
import {
  type ArticleOutcome,
  countCreated,
  countCreatedAlone,
  insertOutcomes,
  listNumbers,
  sumOutcomes,
} from './outcome-store.ts';

export interface MakeArticlesDeps {
  readonly database: Pick<Database, 'withTenant'>;
  readonly createArticle: CreateArticle;
}

type Request = Parameters<Extraction['makeArticles']>[0];
type ValidProposal = Extract<Proposal, { kind: 'valid' }>;

/** Thrown to roll an article back in its own transaction: its outcome stands already, or the subject has enough. */
class NotCreated extends Error {
  override readonly name = 'NotCreated';
  readonly because: 'has_outcome' | 'enough';
  constructor(because: 'has_outcome' | 'enough') {
    super();
    this.because = because;
  }
}

/**
 * Creates the making of articles. Each one is a transaction of the room of articles, gate included, which its outcome's row joins:
 * a crash leaves both or neither, and the next run makes the rest.
 *
 * Lost: all of an answer's articles in one transaction, which waits for the gate of each with a connection in hand, and loses all
 * by one; outcomes after the articles, by which a crash makes an article twice.
 */
export function createMakeArticles({
  database,
  createArticle,
}: MakeArticlesDeps): Extraction['makeArticles'] {
  const record = (passage: Passage, outcomes: readonly ArticleOutcome[]) =>
    outcomes.length === 0
      ? Promise.resolve(0)
      : database.withTenant(passage.subject.tenantId, (tx) =>
          insertOutcomes(tx, passage.subject.tenantId, passage, outcomes),
        );

  /** In the transaction of the article. Only the last step of it may wait: for another part of the subject that creates one. */
  const join = async (
    tx: Transaction,
    { passage, maxArticles }: Request,
    number: number,
    created: Created,
  ) => {
    const { tenantId } = passage.subject;
    if (created.kind === 'created' && (await countCreatedAlone(tx, tenantId, passage.subject)) >= maxArticles)
      throw new NotCreated('enough');
    const outcome = { number, outcome: created.kind, articleId: created.article.id };
    if ((await insertOutcomes(tx, tenantId, passage, [outcome])) === 0) throw new NotCreated('has_outcome');
  };

  const make = async (request: Request, { article, number }: ValidProposal): Promise<void> => {
    const { passage, actor, status, sourceType } = request;
    const { kind, id } = passage.subject;
    const metadata = { ...request.metadata, source: { kind, id } };
    try {
      await createArticle(actor, { ...article, status, sourceType, metadata, force: false }, (tx, created) =>
        join(tx, request, number, created),
      );
    } catch (error) {
      if (error instanceof NotCreated) {
        if (error.because === 'enough') await record(passage, [{ number, outcome: 'left_out' }]);
        return;
      }
      if (!isAboutTheText(error)) throw error;
      await record(passage, [{ number, outcome: 'failed', code: 'internal' }]);
    }
  };

  /** One that fails by a bug is tried again with the next run, and the others go on. An outage of the database ends the run. */
  const makeEach = async (request: Request, proposals: readonly ValidProposal[]): Promise<void> => {
    const { passage, maxArticles } = request;
    const { tenantId } = passage.subject;
    const bugs: unknown[] = [];
    for (const proposal of proposals) {
      // The gate is paid for, so it is not asked about an article that there is no room for.
      const created = await database.withTenant(tenantId, (tx) =>
        countCreated(tx, tenantId, passage.subject),
      );
      if (created >= maxArticles) {
        await record(passage, [{ number: proposal.number, outcome: 'left_out' }]);
        continue;
      }
      try {
        await make(request, proposal);
      } catch (error) {
        if (error instanceof DatabaseUnavailable || error instanceof RequestEnded) throw error;
        bugs.push(error);
      }
    }
    if (bugs.length > 0) throw bugs[0];
  };

  return async (request) => {
    const { passage, key } = request;
    const { subject } = passage;
    const { tenantId } = subject;
    const [sealed, known] = await database.withTenant(tenantId, (tx) =>
      Promise.all([findSealed(tx, tenantId, passage), listNumbers(tx, tenantId, passage)]),
    );
    const proposals = sealed === undefined ? [] : openAnswer(key, passage, sealed);
    const open = proposals.filter(({ number }) => !known.has(number));
    await record(
      passage,
      open.flatMap((proposal): ArticleOutcome[] => outcomeWithoutArticle(proposal)),
    );
    const valid = open.filter((proposal): proposal is ValidProposal => proposal.kind === 'valid');
    const now = valid.slice(0, request.atMost);
    await makeEach(request, now);
    const made = await database.withTenant(tenantId, (tx) => sumOutcomes(tx, tenantId, subject, passage));
    return { ...made, left: valid.length - now.length };
  };
}

/** The outcome of a proposal that no article is made of; none for a valid one. */
function outcomeWithoutArticle({ kind, number }: Proposal): ArticleOutcome[] {
  switch (kind) {
    case 'valid':
      return [];
    case 'invalid':
      return [{ number, outcome: 'invalid', code: 'malformed_response' }];
    case 'duplicate':
    case 'left_out':
      return [{ number, outcome: kind }];
    default:
      return kind satisfies never;
  }
}

/** Whether Postgres refuses the text itself (data, constraint, limit of size): the next run would end the same way. */
function isAboutTheText(error: unknown): boolean {
  const code = readThrown(error, 'code');
  return typeof code === 'string' && /^(22|23|54)[0-9A-Z]{3}$/.test(code);
}
