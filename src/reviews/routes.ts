import { pageOf } from '../platform/http/page.ts';
import { problem } from '../platform/http/problem.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { presentListed, presentReview } from './presentation.ts';
import type { Review } from './review.ts';
import {
  newReviewSchema,
  reviewIdSchema,
  reviewListReply,
  reviewListSchema,
  reviewReply,
} from './schemas.ts';
import type { Reviews, WithDrafts } from './service.ts';

const tag = 'Reviews';
const role = 'orchestrator';

/** The routes of reviews. */
export function reviewRoutes({ reviews }: { readonly reviews: Reviews }): Route[] {
  const create = route({
    method: 'post',
    path: '/reviews',
    role,
    tag,
    summary: 'Hand in a finished review',
    description:
      'The review is kept as it is, and at most 5 drafts are made of its summary and findings by the model of the tenant. ' +
      'They are never published by themselves. `extraction` shows how it goes. Without an Anthropic key the review is kept, ' +
      'and the drafts are made once there is one.',
    body: newReviewSchema,
    idempotent: true,
    replies: {
      201: {
        description: 'The review; its drafts follow',
        schema: reviewReply,
        headers: { Location: "The review's path" },
      },
    },
    problems: [],
    async handle({ actor, body, once }) {
      const present = (created: WithDrafts<Review>) =>
        reply(
          201,
          { data: presentReview(actor.tenantId, created) },
          {
            Location: `/api/v1/reviews/${created.review.id}`,
          },
        );
      const { review_type: reviewType, summary, findings } = body;
      return present(await reviews.create(actor, { reviewType, summary, findings }, once(present)));
    },
  });

  const list = route({
    method: 'get',
    path: '/reviews',
    role,
    tag,
    summary: 'List reviews, newest first',
    description: 'Without their findings.',
    query: reviewListSchema,
    replies: { 200: { description: 'A page of reviews', schema: reviewListReply } },
    problems: [],
    async handle({ actor, query }) {
      const rows = await reviews.list(actor.tenantId, {
        status: query.status,
        afterId: query.cursor,
        limit: query.limit + 1,
      });
      const page = pageOf(
        rows.map((row) => ({ id: row.review.id, ...row })),
        query.limit,
        (row) => presentListed(actor.tenantId, row),
      );
      return reply(200, page);
    },
  });

  const get = route({
    method: 'get',
    path: '/reviews/:id',
    role,
    tag,
    summary: 'Read a review, and what was drafted of it',
    params: reviewIdSchema,
    replies: { 200: { description: 'The review', schema: reviewReply } },
    problems: ['not_found'],
    async handle({ actor, params }) {
      const found = await reviews.get(actor.tenantId, params.id);
      return found ? reply(200, { data: presentReview(actor.tenantId, found) }) : noSuchReview();
    },
  });

  const retry = route({
    method: 'post',
    path: '/reviews/:id/retry',
    role,
    tag,
    summary: 'Make the missing drafts of a review',
    description:
      'For a review that is blocked, failed or partial. What its drafts are made of is not bought again; the rest is paid by ' +
      'the API key that asks.',
    params: reviewIdSchema,
    idempotent: true,
    replies: { 202: { description: 'The review; its workflow is requested', schema: reviewReply } },
    problems: ['not_found', 'transition_not_allowed'],
    async handle({ actor, params, once }) {
      const accepted = (queued: WithDrafts<Review>) =>
        reply(202, { data: presentReview(actor.tenantId, queued) });
      const retried = await reviews.retry(actor, params.id, once(accepted));
      switch (retried.kind) {
        case 'ok':
          return accepted(retried);
        case 'not_found':
          return noSuchReview();
        case 'not_allowed':
          return problem(
            'transition_not_allowed',
            `The review is ${retried.status}, which does not allow this.`,
          );
        default:
          return retried satisfies never;
      }
    },
  });

  return [create, list, get, retry];
}

const noSuchReview = () => problem('not_found', 'There is no review with this id.');
