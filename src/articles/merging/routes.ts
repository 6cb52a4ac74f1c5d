import { type FailureCode, failureTraits } from '../../domain/failures.ts';
import { type Problem, problem } from '../../platform/http/problem.ts';
import { type Reply, type Route, reply, route } from '../../platform/http/route.ts';
import type { LinkedArticle } from '../article.ts';
import { entityTag } from '../if-match.ts';
import { presentLinked } from '../presentation.ts';
import { linkedArticleReply, mergeSchema } from '../schemas.ts';
import type { Merged, Merging } from './merging.ts';

/** When a merge that was refused is worth another try, where nothing better is known. */
const retryAfterSeconds = 5;

const nothingWritten = 'The articles could not be merged. Nothing was written.';

/** A tenant has keys of two kinds, so that the missing one is named by its field. */
const detailOf = (code: FailureCode) =>
  code === 'no_api_key'
    ? `${nothingWritten} It takes the tenant’s own Anthropic key: \`api_key\` in the provider settings.`
    : nothingWritten;

/** The route that merges articles. */
export function mergeRoutes({ merging }: { readonly merging: Merging }): Route[] {
  return [
    route({
      method: 'post',
      path: '/articles/merge',
      role: 'orchestrator',
      tag: 'Articles',
      summary: 'Draft one article from two',
      description:
        "The tenant's model (`merge_model`) writes one article that says what both say. The answer takes up to a minute or two. " +
        'Both articles stay as they are; the draft has their tags, and all three are linked by `links`. The proposal gate is not ' +
        'asked. Texts of more than about 6,000 tokens together are too long for one call: 422 `document_too_large`, and nothing ' +
        'is paid. While a pair is being merged, another request for it is answered with 503 `busy`.',
      body: mergeSchema,
      idempotent: true,
      replies: {
        201: {
          description: 'The draft',
          schema: linkedArticleReply,
          headers: {
            ETag: 'The revision, in quotes, as `If-Match` expects it',
            Location: "The article's path",
          },
        },
      },
      problems: [
        'not_found',
        'transition_not_allowed',
        ...(['no_api_key', 'credential_rejected', 'permission_denied', 'model_not_found'] as const),
        ...(['quota_exhausted', 'budget_exhausted', 'input_rejected', 'address_forbidden'] as const),
        ...(['document_too_large', 'answer_refused', 'answer_cut', 'malformed_response'] as const),
        ...(['provider_unavailable', 'provider_rate_limited', 'provider_timeout', 'circuit_open'] as const),
        ...(['vault_unavailable', 'key_unusable'] as const),
      ],
      async handle({ actor, body, once }) {
        return presentMerged(await merging.merge(actor, body.ids, once(presentDraft)));
      },
    }),
  ];
}

const presentDraft = (article: LinkedArticle): Reply =>
  reply(
    201,
    { data: presentLinked(article) },
    { Location: `/api/v1/articles/${article.id}`, ETag: entityTag(article.revision) },
  );

function presentMerged(merged: Merged): Reply | Problem {
  switch (merged.kind) {
    case 'merged':
      return presentDraft(merged.article);
    case 'not_found':
      return problem('not_found', 'There is no article with one of these ids.');
    case 'not_allowed':
      return problem('transition_not_allowed', `An article is ${merged.status}, which does not allow this.`);
    case 'busy':
      return problem('busy', 'These articles are being merged, or too many others are. Try again later.', {
        headers: { 'Retry-After': String(retryAfterSeconds) },
      });
    case 'failed': {
      const { code, retryAfterMs = retryAfterSeconds * 1_000 } = merged;
      return problem(code, detailOf(code), {
        ...(failureTraits[code].httpStatus === 503 && {
          headers: { 'Retry-After': String(Math.ceil(retryAfterMs / 1_000)) },
        }),
      });
    }
    default:
      return merged satisfies never;
  }
}
