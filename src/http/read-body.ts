import { isUtf8 } from 'node:buffer';
import express, { type Request, type Response } from 'express';
import { z } from 'zod';
import { bodyTextOfForm } from '../platform/http/form-body.ts';
import { invalidField, type Problem, problem } from '../platform/http/problem.ts';
import type { Route } from '../platform/http/route.ts';
import type { Upload } from '../platform/http/upload.ts';
import { readForm } from './read-form.ts';

const mediaTypes = ['application/json', 'application/*+json'];
const formType = 'multipart/form-data';

/** The value of a body, the text that it was parsed from, and the file of a form. Each is undefined without a body. */
export type ReadBody =
  | {
      readonly kind: 'body';
      readonly value: unknown;
      readonly text: string | undefined;
      readonly upload?: Upload;
    }
  | Problem;

/** What of a route says how its body is read. */
export type BodyOfRoute = Pick<Route, 'body' | 'upload'>;

/** What body-parser calls another character set than it can read. */
const otherCharset = Object.assign(new Error('another character set'), { type: 'charset.unsupported' });

/** Whether a request comes with a file, and its route takes one. */
export const isUpload = ({ upload }: BodyOfRoute, request: Request): boolean =>
  upload !== undefined && request.is(formType) === formType;

/** Reads a JSON body of at most 2 MB, or a form where the route takes one. Fails with a problem of 400, 413, 415 or 422. */
export function createBodyReader(): (
  route: BodyOfRoute,
  request: Request,
  response: Response,
) => Promise<ReadBody> {
  // As text, because JSON.parse can lose something of it without an error.
  const read = express.text({
    limit: '2mb',
    type: mediaTypes,
    verify: (_request, _response, bytes, charset) => {
      if (charset !== 'utf-8') throw otherCharset;
      if (!isUtf8(bytes)) throw new Error('not UTF-8');
    },
  });

  return async (route, request, response) => {
    if (isUpload(route, request)) return readUpload(route, request);
    // Some clients send a length of 0 for an empty body.
    const isEmpty = request.headers['content-length'] === '0';
    // `is` gives null without a body, and false for another media type.
    if (!isEmpty && request.is(mediaTypes) === false) {
      const orForm = route.upload === undefined ? '' : ` or ${formType}`;
      return problem('unsupported_media_type', `The body must be application/json${orForm}.`);
    }
    const failure = await new Promise<unknown>((resolve) => read(request, response, resolve));
    if (failure === undefined) return parseBody(request.body);
    const known = refusalOfBody(failure);
    if (known === undefined) throw failure;
    return known;
  };
}

async function readUpload({ body, upload }: BodyOfRoute, request: Request): Promise<ReadBody> {
  if (upload === undefined || body === undefined) throw new Error('a route with an upload has a body');
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
    return problem('unsupported_media_type', 'A form must not be compressed.');
  const form = await readForm(request, upload);
  if (form.kind === 'problem') return form;
  const replaced = upload.replaces.find((field) => form.fields.some(([name]) => name === field));
  if (replaced !== undefined) return invalidField(replaced, 'must not stand beside a file');
  const read = parseBody(await bodyTextOfForm(body, form.fields));
  return read.kind === 'problem' ? read : { ...read, upload: form.file };
}

function parseBody(text: unknown): ReadBody {
  if (typeof text !== 'string') return { kind: 'body', value: undefined, text: undefined };
  if (text === '') return { kind: 'body', value: {}, text };
  try {
    return { kind: 'body', value: JSON.parse(text), text };
  } catch {
    // The error quotes the body.
    return problem('malformed_json', 'The body is not valid JSON.');
  }
}

const readerFailure = z.object({ type: z.string().optional(), status: z.number() });

/** The problem of a reader's failure, by its type. Undefined when the failure is our own. */
function refusalOfBody(failure: unknown): Problem | undefined {
  const parsed = readerFailure.safeParse(failure);
  if (!parsed.success || parsed.data.status >= 500) return undefined;
  switch (parsed.data.type) {
    case 'entity.too.large':
      return problem('body_too_large', 'The body must have at most 2 MB.');
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
