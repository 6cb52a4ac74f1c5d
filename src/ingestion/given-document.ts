import { type Problem, problem } from '../platform/http/problem.ts';
import type { Upload } from '../platform/http/upload.ts';
import type { GivenDocument } from './document-request.ts';
import type { DocumentBody } from './schemas.ts';

/** The one document of a request, or why there is not exactly one. */
export function oneDocument(
  { url, content }: Pick<DocumentBody, 'url' | 'content'>,
  upload?: Upload,
): GivenDocument | Problem {
  if (upload !== undefined) {
    const { bytes, fileName: name, contentType } = upload;
    return bytes.length === 0
      ? refuse('file', 'must not be empty')
      : { kind: 'file', bytes, name, contentType };
  }
  if (url !== undefined && content !== undefined)
    return refuse('url', 'must not stand beside `content`: give one of them');
  if (url !== undefined) return { kind: 'url', url };
  return content === undefined
    ? refuse('content', 'is required, or `url`, or a file')
    : { kind: 'text', text: content };
}

const refuse = (path: string, message: string) =>
  problem('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] });
