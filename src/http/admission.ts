import type { Request, Response } from 'express';
import type { Actor } from '../domain/actor.ts';
import { type Problem, problem } from '../platform/http/problem.ts';
import type { Share } from '../platform/shares/share.ts';
import type { Authenticated } from './authentication.ts';
import type { RateLimits } from './rate-limits.ts';
import { contextOf } from './request-context.ts';
import type { StrangerPace } from './stranger-pace.ts';

export interface AdmissionDeps {
  readonly authentication: (request: Request) => Promise<Authenticated>;
  readonly pace: StrangerPace;
  readonly rateLimits: RateLimits;
  /** Requests under way, divided among tenants. */
  readonly requests: Pick<Share, 'acquire'>;
}

/** The header by which our MCP server on standard input and output says that it asks. It decides nothing: the audit log shows it. */
export const viaHeader = 'lorekeep-via';

/** The actor, if its key and rate allow a request; a problem otherwise. */
export async function admit(
  deps: AdmissionDeps,
  request: Request,
  response: Response,
): Promise<{ readonly kind: 'actor'; readonly actor: Actor } | Problem> {
  const authenticated = await deps.authentication(request);
  if (authenticated.kind === 'anonymous') return (await deps.pace(request)) ?? authenticated.problem;
  if (authenticated.kind === 'refused') {
    return (await deps.rateLimits.refusedKey(request.ip ?? 'unknown')) ?? authenticated.problem;
  }
  const actor: Actor =
    request.get(viaHeader) === 'mcp' ? { ...authenticated.actor, via: 'mcp' } : authenticated.actor;
  contextOf(response).actor = actor;
  const allowance = await deps.rateLimits.request(actor.tenantId, actor.keyId ?? actor.label);
  for (const [name, value] of Object.entries(allowance.headers)) response.setHeader(name, value);
  return allowance.problem ?? { kind: 'actor', actor };
}

/** Answers within the tenant's share of requests; a problem when the tenant has too many under way. */
export async function withinShare<Answer>(
  { requests }: AdmissionDeps,
  actor: Actor,
  response: Response,
  answer: () => Promise<Answer>,
): Promise<Answer | Problem> {
  const release = await requests.acquire(actor.tenantId, contextOf(response).signal);
  if (release === 'busy') return tooManyAtOnce;
  // The answer takes memory until it is read, and the work may go on after its client has gone: both are waited for.
  const closed = response.destroyed || new Promise((resolve) => response.once('close', resolve));
  const answering = answer();
  void Promise.allSettled([closed, answering]).then(release);
  return answering;
}

const tooManyAtOnce = problem(
  'rate_limited',
  'This tenant has too many requests under way. Try again in 1 s.',
  { headers: { 'Retry-After': '1' } },
);
