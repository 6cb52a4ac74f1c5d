import { isUtf8 } from 'node:buffer';
import express, { type Request, type Response } from 'express';
import { z } from 'zod';
import { type Problem, problem } from '../platform/http/problem.ts';

const mediaTypes = ['application/json', 'application/*+json'];

export type ReadBody = { readonly kind: 'body'; readonly value: unknown } | Problem;

/** Reads a JSON body of at most 2 MB; its value is undefined without a body. Fails with a problem of 400, 413 or 415. */
export function createBodyReader(): (request: Request, response: Response) => Promise<ReadBody> {
  const parse = express.json({
    limit: '2mb',
    // A bare string or number is valid JSON. The schema refuses it, with a message that names the expected type.
    strict: false,
    type: mediaTypes,
    verify: (_request, _response, bytes) => {
      if (!isUtf8(bytes)) throw new Error('not UTF-8');
    },
  });

  return async (request, response) => {
    // Some clients send a length of 0 for an empty body.
    const isEmpty = request.headers['content-length'] === '0';
    // `is` gives null without a body, and false for another media type.
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

/** The problem of a parser's failure, by its type: its message quotes the body. Undefined when the failure is our own. */
function refusalOfBody(failure: unknown): Problem | undefined {
  const parsed = parserFailure.safeParse(failure);
  if (!parsed.success || parsed.data.status >= 500) return undefined;
  switch (parsed.data.type) {
    case 'entity.too.large':
      return problem('body_too_large', 'The body must have at most 2 MB.');
    case 'entity.parse.failed':
      return problem('malformed_json', 'The body is not valid JSON.');
    case 'entity.verify.failed':
      return problem('malformed_json', 'The body is not valid UTF-8.');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return problem(
        'unsupported_media_type',
        'The body must be UTF-8, uncompressed or compressed by gzip, deflate or br.',
      );
    default:
      return problem('malformed_request', 'The body cannot be read.');
  }
}
