import { z } from 'zod';
import {
  articleChangesSchema,
  articleIdSchema,
  articleReply,
  createdArticleReply,
  newArticleSchema,
} from '../../articles/schemas.ts';
import { articleSummary, summaryOf } from '../article-summary.ts';
import { tool } from '../tool.ts';

const writes = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false };

const gate = createdArticleReply.shape.meta.shape.gate;

/** The tool `propose_article`: a new article, compared with the published ones first. */
export const proposeArticleTool = tool({
  name: 'propose_article',
  title: 'Propose an article',
  description:
    'Writes a new article. Use it for knowledge that is worth keeping and that `search` has not found; write one subject an ' +
    'article, in Markdown. It is compared with the published articles first: `duplicate` means that nothing was written ' +
    'because its words stand in `article` already, `low_novelty` that it was kept as a draft because it is near an article; ' +
    '`differs` shows where it says something else, such as another number. If that is a correction, tell a person, or change ' +
    'the article with `edit_article`. Costs embedding calls for its text, on ' +
    "the tenant's key; without a key it is written all the same. Send an `idempotency_key`, and after a failure call again " +
    'with the same one: nothing is then written twice. Pass `status: "draft"` when a person should read it first.',
  annotations: writes,
  route: { method: 'post', path: '/articles' },
  input: newArticleSchema,
  output: z.object({
    outcome: z.enum(['created', 'duplicate']),
    article: articleSummary,
    gate: gate.describe('The comparison with the published articles'),
  }),
  async run(article, call) {
    const answer = await call({ method: 'post', path: '/articles', body: article });
    if (answer.kind === 'refused') return answer;
    const { data, meta } = createdArticleReply.parse(answer.body);
    const outcome = answer.status === 201 ? ('created' as const) : ('duplicate' as const);
    return {
      kind: 'answer',
      summary:
        outcome === 'duplicate'
          ? 'Nothing was written: its words stand in an article already.'
          : `Written, as ${data.status === 'draft' ? 'a draft' : 'a published article'}.`,
      data: { outcome, article: summaryOf(data), gate: meta.gate },
    };
  },
});

/** The tool `edit_article`: another title, text, category or other tags. */
export const editArticleTool = tool({
  name: 'edit_article',
  title: 'Change an article',
  description:
    'Changes the named fields of an article; the others stay. `body` replaces the whole text, so read all of it with ' +
    '`get_article` first, and pass the `revision` that you read: when another has changed the article since, the call is ' +
    'refused with `revision_mismatch` and nothing is lost. Only changed passages are embedded again and paid for.',
  annotations: { ...writes, destructiveHint: true, idempotentHint: true },
  route: { method: 'patch', path: '/articles/:id' },
  input: z.strictObject({
    id: articleIdSchema.shape.id.describe("The article's id"),
    revision: z.int().min(1).optional().describe('The revision that the change is made for'),
    ...articleChangesSchema.shape,
  }),
  output: articleSummary,
  async run({ id, revision, ...body }, call) {
    const answer = await call({
      ...{ method: 'patch', path: '/articles/:id', params: { id }, body },
      ...(revision === undefined ? {} : { headers: { 'if-match': `"${revision}"` } }),
    });
    if (answer.kind === 'refused') return answer;
    const { data } = articleReply.parse(answer.body);
    return { kind: 'answer', summary: `Now at revision ${data.revision}.`, data: summaryOf(data) };
  },
});

/** The tool `publish_article`: a draft becomes a published article. */
export const publishArticleTool = tool({
  name: 'publish_article',
  title: 'Publish a draft',
  description:
    'Publishes a draft, so that everyone of the tenant finds it. Use it when a person has agreed, or for drafts that you ' +
    "have checked with `get_article`. Its text is embedded then, on the tenant's key. An archived article gives " +
    '`transition_not_allowed`.',
  annotations: { ...writes, idempotentHint: true },
  route: { method: 'post', path: '/articles/:id/publish' },
  input: z.strictObject({ id: articleIdSchema.shape.id.describe("The draft's id") }),
  output: articleSummary,
  async run({ id }, call) {
    const answer = await call({ method: 'post', path: '/articles/:id/publish', params: { id } });
    if (answer.kind === 'refused') return answer;
    const { data } = articleReply.parse(answer.body);
    return { kind: 'answer', summary: 'Published.', data: summaryOf(data) };
  },
});
