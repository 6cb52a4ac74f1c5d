import type { Role } from '../domain/roles.ts';
import { encodeCursor } from '../platform/http/cursor.ts';
import { invalidField, type Problem, problem } from '../platform/http/problem.ts';
import { type Reply, type Route, reply, route } from '../platform/http/route.ts';
import type { ArticleWithEmbedding } from './article.ts';
import { entityTag, parseIfMatch } from './if-match.ts';
import { presentArticle, presentCreated, presentFields, presentLinked } from './presentation.ts';
import {
  articleChangesSchema,
  articleIdSchema,
  articleListReply,
  articleListSchema,
  articleReply,
  createdArticleReply,
  duplicateArticleReply,
  linkedArticleReply,
  newArticleSchema,
} from './schemas.ts';
import type { Articles, Changed, Created } from './service.ts';
import type { TransitionName } from './transitions.ts';

const tag = 'Articles';

const revision = { ETag: 'The revision, in quotes, as `If-Match` expects it' };

/** The routes of articles. */
export function articleRoutes(articles: Articles): Route[] {
  const create = route({
    method: 'post',
    path: '/articles',
    role: 'agent',
    tag,
    summary: 'Write an article',
    description:
      'A proposal is first compared with the published articles. One whose words stand in an article ' +
      'already is not created: the reply is that article, with 200. Its title and each of its sentences ' +
      'must stand there, whatever their case, blank space and markup; tags, category and metadata are not ' +
      'compared. One that is near an article by its vectors becomes a draft, and `meta.gate.differs` shows ' +
      'passages that say something else. The comparison takes a call to the provider, a few seconds at ' +
      'most. Without a key, or when anything fails, the article is written as asked and `meta.gate` ' +
      'says why. With `force` there is no comparison and no wait. Most vectors are made afterwards, and ' +
      "`embedding` shows their status. With `category: null` the tenant's model chooses the category " +
      'after the write, and `classification` shows how that stands.',
    body: newArticleSchema,
    idempotent: true,
    replies: {
      200: {
        description: 'An article that says the same words; nothing was created',
        schema: duplicateArticleReply,
        headers: { ...revision, Location: "The article's path" },
      },
      201: {
        description: 'The article',
        schema: createdArticleReply,
        headers: { ...revision, Location: "The article's path" },
      },
    },
    problems: [],
    async handle({ actor, body, once }) {
      const present = (created: Created) =>
        reply(created.kind === 'created' ? 201 : 200, presentCreated(created), {
          Location: `/api/v1/articles/${created.article.id}`,
          ETag: entityTag(created.article.revision),
        });
      const { source_type: sourceType, idempotency_key: _, ...fields } = body;
      return present(await articles.create(actor, { ...fields, sourceType }, once(present)));
    },
  });

  const list = route({
    method: 'get',
    path: '/articles',
    role: 'agent',
    tag,
    summary: 'List articles, newest first',
    description:
      'Articles of every status, archived ones too, unless `status` names one. A page of long articles ends early, at about 4 MB: read on while `meta.next_cursor` is not null, whatever the number of articles on the page.',
    query: articleListSchema,
    replies: { 200: { description: 'A page of articles', schema: articleListReply } },
    problems: [],
    async handle({ actor, query }) {
      const {
        embedding_status: embeddingStatus,
        tags_match: tagsMatch,
        cursor: after,
        fields,
        ...filter
      } = query;
      const withoutBodies = fields !== undefined && !fields.includes('body');
      const wanted = { ...filter, tagsMatch, embeddingStatus, after, withoutBodies };
      const page = await articles.list(actor.tenantId, wanted);
      return reply(200, {
        data: page.articles.map((article) => presentFields(article, fields)),
        meta: { next_cursor: page.next ? encodeCursor(page.next) : null },
      });
    },
  });

  const get = route({
    method: 'get',
    path: '/articles/:id',
    role: 'agent',
    tag,
    summary: 'Read an article',
    params: articleIdSchema,
    replies: { 200: { description: 'The article', schema: linkedArticleReply, headers: revision } },
    problems: ['not_found'],
    async handle({ actor, params }) {
      const article = await articles.get(actor.tenantId, params.id);
      return article
        ? reply(200, { data: presentLinked(article) }, { ETag: entityTag(article.revision) })
        : noSuchArticle();
    },
  });

  const edit = route({
    method: 'patch',
    path: '/articles/:id',
    role: 'user',
    tag,
    summary: 'Change an article',
    description:
      'An absent field keeps its value. Values equal to the current ones change nothing and raise no revision. Only a changed title or body is embedded again.',
    params: articleIdSchema,
    body: articleChangesSchema,
    requestHeaders: { 'If-Match': 'The revision that the change is made for, in quotes: `"3"`' },
    replies: { 200: { description: 'The article', schema: articleReply, headers: revision } },
    problems: ['not_found', 'transition_not_allowed', 'revision_mismatch'],
    async handle({ actor, params, body, headers }) {
      const expected = parseIfMatch(headers['if-match']);
      if (!expected) return invalidField('If-Match', 'must be a revision in double quotes, as in "3"');
      return presentChanged(await articles.edit(actor, params.id, body, expected));
    },
  });

  const transition = (name: TransitionName, role: Role, summary: string) =>
    route({
      method: 'post',
      path: `/articles/:id/${name}`,
      role,
      tag,
      summary,
      params: articleIdSchema,
      idempotent: true,
      replies: { 200: { description: 'The article', schema: articleReply, headers: revision } },
      problems: ['not_found', 'transition_not_allowed'],
      handle: async ({ actor, params, once }) =>
        presentChanged(
          await articles.transition(
            actor,
            params.id,
            name,
            once((article) => presentOne(article)),
          ),
        ),
    });

  const retry = route({
    method: 'post',
    path: '/articles/:id/embedding/retry',
    role: 'orchestrator',
    tag,
    summary: 'Embed an article once more',
    description:
      'For an article that is blocked or failed. One that is pending or embedded is checked again. Existing vectors are not bought again; what is missing is paid by the API key that asks. A draft or an archived article has nothing to embed: 409.',
    params: articleIdSchema,
    idempotent: true,
    replies: {
      202: {
        description: 'The article; its workflow is requested',
        schema: articleReply,
        headers: revision,
      },
    },
    problems: ['not_found', 'transition_not_allowed'],
    async handle({ actor, params, once }) {
      const accepted = (article: ArticleWithEmbedding) => presentOne(article, 202);
      const changed = await articles.retryEmbedding(actor, params.id, once(accepted));
      return changed.kind === 'ok' ? accepted(changed.article) : presentChanged(changed);
    },
  });

  const remove = route({
    method: 'delete',
    path: '/articles/:id',
    role: 'user',
    tag,
    summary: 'Archive an article',
    description: 'The same as `/archive`: the article is kept, is no longer found, and cannot be restored.',
    params: articleIdSchema,
    replies: { 200: { description: 'The article, archived', schema: articleReply, headers: revision } },
    problems: ['not_found', 'transition_not_allowed'],
    handle: async ({ actor, params }) =>
      presentChanged(await articles.transition(actor, params.id, 'archive')),
  });

  return [
    create,
    list,
    get,
    edit,
    transition('publish', 'orchestrator', 'Publish a draft'),
    transition('unpublish', 'user', 'Make a published article a draft again'),
    transition('archive', 'user', 'Archive an article, for good'),
    retry,
    remove,
  ];
}

const noSuchArticle = () => problem('not_found', 'There is no article with this id.');

const presentOne = (article: ArticleWithEmbedding, status = 200) =>
  reply(status, { data: presentArticle(article) }, { ETag: entityTag(article.revision) });

function presentChanged(changed: Changed): Reply | Problem {
  switch (changed.kind) {
    case 'ok':
      return presentOne(changed.article);
    case 'not_found':
      return noSuchArticle();
    case 'revision_mismatch':
      return problem('revision_mismatch', `The article is at revision ${changed.revision}.`, {
        headers: { ETag: entityTag(changed.revision) },
      });
    case 'not_allowed':
      return problem(
        'transition_not_allowed',
        `The article is ${changed.status}, which does not allow this.`,
      );
    default:
      return changed satisfies never;
  }
}
