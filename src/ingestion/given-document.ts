import { invalidField, type Problem, problem } from '../platform/http/problem.ts';
import type { GivenDocument } from './document-request.ts';
import type { DocumentBody } from './schemas.ts';

/** The one document of a request, or why there is not exactly one. */
export function oneDocument({ url, content }: DocumentBody): GivenDocument | Problem {
  if (url !== undefined && content !== undefined) {
    const message = 'must not stand beside `content`: give one of them';
    return invalidField('url', message);
  }
  if (url !== undefined) return { kind: 'url', url };
  if (content !== undefined) return { kind: 'text', text: content };
  const message = 'is required, or `url`';
  return problem('validation_failed', `content: ${message}`, { errors: [{ path: 'content', message }] });
}
