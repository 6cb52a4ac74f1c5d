import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Actor } from '../domain/actor.ts';
import type { Route } from '../platform/http/route.ts';

/** What is known of a request while it is answered. `route` and `actor` are filled in as they become known. */
export interface RequestContext {
  readonly requestId: string;
  readonly startedAtMs: number;
  /** Aborted when the client goes before it has its answer. */
  readonly signal: AbortSignal;
  route?: Route;
  actor?: Actor;
}

const contexts = new WeakMap<Response, RequestContext>();

/** A client's own request id is taken over when it can't harm a log line or a header. */
const saneRequestId = /^[\w.:/+=-]{1,128}$/;

/** Opens the context of each request and names it in `X-Request-Id`. Has to be the first handler. */
export function openContext(): RequestHandler {
  return (request, response, next) => {
    const presented = request.get('x-request-id') ?? '';
    const requestId = saneRequestId.test(presented) ? presented : randomUUID();
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    contexts.set(response, { requestId, startedAtMs: performance.now(), signal: gone.signal });
    response.setHeader('X-Request-Id', requestId);
    next();
  };
}

/** The context that `openContext` has opened. */
export function contextOf(response: Response): RequestContext {
  const context = contexts.get(response);
  if (!context) throw new Error('openContext has to be the first handler of the app');
  return context;
}

/** The path as the client wrote it, without the query, which can hold anything. */
export function pathOf(request: Request): string {
  return request.originalUrl.split('?', 1)[0] ?? '/';
}
