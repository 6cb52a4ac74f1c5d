import { randomUUID } from 'node:crypto';
import type { ArticleWithEmbedding } from '../../src/articles/article.ts';
import type { Asked, Extraction, MadeArticles, Passage, Subject } from '../../src/extraction/extraction.ts';
import type { DataKey } from '../../src/platform/vault/data-keys.ts';
import { factsOfServices } from './fixtures.ts';
import { type ProviderTwin, type TwinCall, twinKey } from './provider-twin.ts';
import type { TestServices, TestTenant } from './test-services.ts';

/** A document of a tenant with a key for the model, as the facts about extraction handle it. */
export interface TestDocument {
  readonly subject: Subject;
  readonly key: DataKey;
  passage(part?: number): Passage;
  /** Asks about a part. */
  ask(of?: {
    readonly part?: number;
    readonly text?: string;
    readonly maxArticles?: number;
    readonly apiKeyId?: string;
  }): Promise<Asked>;
  /** Makes the articles of a part, as drafts unless it says otherwise. */
  make(of?: {
    readonly part?: number;
    readonly status?: 'draft' | 'published';
    readonly maxArticles?: number;
    /** In place of the service's own. */
    readonly by?: Pick<Extraction, 'makeArticles'>;
  }): Promise<MadeArticles>;
  /** From now on the model answers with these articles. */
  saysOf(articles: readonly unknown[]): void;
  /** What the model was asked, call by call. */
  asked(): readonly TwinCall[];
  /** The tenant's articles, oldest first. */
  articles(): Promise<ArticleWithEmbedding[]>;
}

/** As `factsOfServices`, with `document`: one of `tenant`, whose key for the model is `modelKey`. */
export const factsOfExtraction = () =>
  factsOfServices(({ twin }) => ({
    ANTHROPIC_BASE_URL: twin.anthropicBaseUrl,
    // A verdict that comes late on a busy machine is not what these facts are about.
    ...{ EMBEDDING_TIMEOUT_MS: '20000', GUARD_TIMEOUT_MS: '30000' },
  }))
    .extend('modelKey', () => twinKey())
    .extend('document', async ({ test, twin, tenant, modelKey }): Promise<TestDocument> => {
      await tenant.setAnthropicKey(modelKey);
      return documentOf(test, twin, tenant, modelKey);
    });

/** An article as a model writes it, of words that no other one has. */
export const written = (changes: Readonly<Record<string, unknown>> = {}) => ({
  title: `Title ${randomWords(3)}`,
  body: `Body ${randomWords(12)}`,
  category: 'decision',
  tags: ['one', 'two'],
  ...changes,
});

/** Words of letters alone, so that the twin's vectors of two texts are far from each other. */
const randomWords = (count: number) =>
  Array.from({ length: count }, () => randomUUID().replace(/[^a-f]/g, (digit) => letters[digit] ?? '')).join(
    ' ',
  );

const letters: Readonly<Record<string, string>> = {
  ...{ 0: 'g', 1: 'h', 2: 'i', 3: 'j', 4: 'k', 5: 'l', 6: 'm', 7: 'n', 8: 'o', 9: 'p' },
};

/** A document of a tenant. */
export async function documentOf(
  { services }: Pick<TestServices, 'services'>,
  twin: ProviderTwin,
  tenant: TestTenant,
  modelKey: string,
): Promise<TestDocument> {
  const made = await services.dataKeys.create(tenant.id);
  if (made.kind !== 'ok') throw new Error(made.code);
  const { key } = made;
  const subject: Subject = { tenantId: tenant.id, kind: 'ingestion', id: randomUUID() };
  const passage = (part = 0): Passage => ({ subject, part, half: 0 });
  return {
    subject,
    key,
    passage,
    ask: ({ part, text = 'A text.', maxArticles = 5, apiKeyId = null } = {}) =>
      services.extraction.ask({
        passage: passage(part),
        key,
        text: { title: 'A document', path: ['A heading'], text },
        ...{ maxArticles, apiKeyId },
      }),
    make: ({ part, status = 'draft', maxArticles = 10, by = services.extraction } = {}) =>
      by.makeArticles({
        passage: passage(part),
        ...{ key, actor: tenant.actor, status, sourceType: 'test', maxArticles },
        metadata: { team: 'a team', source: 'overridden' },
      }),
    saysOf: (articles) => twin.answer(modelKey, () => ({ articles })),
    asked: () => twin.callsOf(modelKey),
    async articles() {
      const { articles } = await services.articles.list(tenant.id, { limit: 100 });
      return articles.toReversed();
    },
  };
}
