import { setTimeout as delay } from 'node:timers/promises';
import type { Request, RequestHandler } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { type Problem, problem } from '../platform/http/problem.ts';
import { send } from './send.ts';

/**
 * Slows down an address that sends many requests without a valid key: those above its rate are refused, after a pause. A refusal
 * at once would only be followed by the next request, and the event loop would belong to that address.
 */
export type StrangerPace = (request: Request) => Promise<Problem | undefined>;

/** The length of a refused client's pause: sixty connections of it then make sixty requests a second. */
const pauseMs = 1_000;

/** A pace by address; without a number there is no limit. */
export function createStrangerPace(perSecond: number | undefined): StrangerPace {
  if (perSecond === undefined) return async () => undefined;
  const limiter = new RateLimiterMemory({ points: perSecond, duration: 1 });
  return async (request) => {
    const allowed = await limiter.consume(request.ip ?? 'unknown').then(
      () => true,
      () => false,
    );
    if (allowed) return undefined;
    await delay(pauseMs);
    return tooFast;
  };
}

const tooFast = problem('rate_limited', 'This address sends too many requests without a valid API key.', {
  headers: { 'Retry-After': '1' },
});

/** The same as a handler in front of what is open to everybody. */
export function paceStrangers(pace: StrangerPace): RequestHandler {
  return async (request, response, next) => {
    const refusal = await pace(request);
    if (refusal === undefined) next();
    else send(request, response, refusal);
  };
}
