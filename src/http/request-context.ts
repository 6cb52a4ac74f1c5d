import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Actor } from '../domain/actor.ts';
import type { Route } from '../platform/http/route.ts';
import type { InstanceOf } from './problem-instance.ts';

/** The context of a request. `route` and `actor` are set as they become known. */
export interface RequestContext {
  readonly requestId: string;
  readonly startedAtMs: number;
  /** Aborted when the client disconnects before its answer is complete. */
  readonly signal: AbortSignal;
  readonly answers: AnswerOptions;
  route?: Route;
  /** The path of what is no declared route, for the log. */
  endpoint?: string;
  actor?: Actor;
}

/** How the answers of an app are written. */
export interface AnswerOptions {
  /** The path of a request as a problem repeats it. */
  readonly instanceOf: InstanceOf;
  /** How long a client may take for each 64 KB of an answer. */
  readonly timeoutMs: number;
}

/** At less than 3 KB a second nobody reads any more. */
export const answerTimeoutMs = 20_000;

const contexts = new WeakMap<Response, RequestContext>();

/** A client's own request id is used if it is harmless in a log line and a header. */
const saneRequestId = /^[\w.:/+=-]{1,128}$/;

/** Opens the context of each request and sets `X-Request-Id`. It must be the first handler. */
export function openContext(answers: AnswerOptions): RequestHandler {
  return (request, response, next) => {
    const presented = request.get('x-request-id') ?? '';
    const requestId = saneRequestId.test(presented) ? presented : randomUUID();
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    contexts.set(response, { requestId, startedAtMs: performance.now(), signal: gone.signal, answers });
    response.setHeader('X-Request-Id', requestId);
    next();
  };
}

/** The context of the request. Throws when `openContext` has not run. */
export function contextOf(response: Response): RequestContext {
  const context = contexts.get(response);
  if (!context) throw new Error('openContext must be the first handler of the app');
  return context;
}

/** The path as the client sent it, without the query, which may hold a secret. */
export function pathOf(request: Request): string {
  return request.originalUrl.split('?', 1)[0] ?? '/';
}
