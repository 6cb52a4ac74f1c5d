import { isUtf8 } from 'node:buffer';
import express, { type Request, type Response } from 'express';
import { z } from 'zod';
import { type Problem, problem } from '../platform/http/problem.ts';

const mediaTypes = ['application/json', 'application/*+json'];

export type ReadBody = { readonly kind: 'body'; readonly value: unknown } | Problem;

/** Reads a JSON body of at most 2 MB; undefined when there is none. Fails with 400, 413 and 415. */
export function createBodyReader(): (request: Request, response: Response) => Promise<ReadBody> {
  const parse = express.json({
    limit: '2mb',
    // A bare string or number is valid JSON: the schema refuses it, and says what it wants instead.
    strict: false,
    type: mediaTypes,
    verify: (_request, _response, bytes) => {
      if (!isUtf8(bytes)) throw new Error('not UTF-8');
    },
  });

  return async (request, response) => {
    // Clients announce an empty body, too.
    const isEmpty = request.headers['content-length'] === '0';
    // null: there is no body at all.
    if (!isEmpty && request.is(mediaTypes) === false) {
      return problem('unsupported_media_type', 'The body must be application/json.');
    }
    const failure = await new Promise<unknown>((resolve) => parse(request, response, resolve));
    if (failure === undefined) return { kind: 'body', value: request.body };
    const known = refusalOfBody(failure);
    if (known === undefined) throw failure;
    return known;
  };
}

const parserFailure = z.object({ type: z.string().optional(), status: z.number() });

/** The parser's failures by their type; its messages quote the body. */
function refusalOfBody(failure: unknown): Problem | undefined {
  const parsed = parserFailure.safeParse(failure);
  if (!parsed.success || parsed.data.status >= 500) return undefined;
  switch (parsed.data.type) {
    case 'entity.too.large':
      return problem('body_too_large', 'The body may have at most 2 MB.');
    case 'entity.parse.failed':
      return problem('malformed_json', 'The body is not valid JSON.');
    case 'entity.verify.failed':
      return problem('malformed_json', 'The body is not valid UTF-8.');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return problem(
        'unsupported_media_type',
        'The body must be UTF-8, and plain or compressed by gzip, deflate or br.',
      );
    default:
      return problem('malformed_request', 'The body cannot be read.');
  }
}
