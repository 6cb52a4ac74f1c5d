import { z } from 'zod';
import type { Reply } from '../../src/platform/http/route.ts';
import { reply, route } from '../../src/platform/http/route.ts';
import { jsonObject, text } from '../../src/platform/http/schemas.ts';
import type { Upload } from '../../src/platform/http/upload.ts';
import type { Idempotency, KeyedRequest } from '../../src/platform/idempotency/idempotency.ts';

/** The most bytes of a file of the route below. */
export const maxFileBytes = 1_000_000;

/** A route that takes a file or JSON, and answers what came. `during` runs while its handler does. */
export function formRoute(during: (upload: Upload | undefined) => Promise<void> = async () => undefined) {
  return route({
    method: 'post',
    path: '/documents',
    role: 'orchestrator',
    tag: 'documents',
    summary: 'Take a document',
    idempotent: true,
    body: z.strictObject({
      content: text({ max: 100 }).optional(),
      source_type: z.enum(['finding', 'report']),
      note: text({ max: 100 }).nullable().optional(),
      publish: z.boolean().optional(),
      articles: z.int().min(1).max(50).optional(),
      metadata: jsonObject({ maxBytes: 5_000 }).optional(),
    }),
    upload: { maxBytes: maxFileBytes, description: 'The document', replaces: ['content'] },
    replies: {
      202: {
        description: 'What came',
        schema: z.object({ body: z.unknown(), file: z.unknown() }),
      },
    },
    problems: [],
    async handle({ body, upload }) {
      await during(upload);
      return reply(202, { body, file: upload === undefined ? null : shown(upload) });
    },
  });
}

const shown = ({ bytes, ...rest }: Upload) => ({
  ...rest,
  hex: Buffer.from(bytes).toString('hex').slice(0, 200),
  size: bytes.length,
});

/** Keeps the first answers in memory, for one tenant. */
export function idempotencyInMemory(): Idempotency {
  const kept = new Map<string, { readonly hash: string; readonly answer: Reply }>();
  const keep = async ({ key, requestHash }: KeyedRequest, answer: Reply) =>
    void kept.set(key, { hash: requestHash, answer });
  return {
    async recall({ key, requestHash }) {
      const found = kept.get(key);
      if (found === undefined) return { kind: 'new' };
      return found.hash === requestHash ? { kind: 'replay', answer: found.answer } : { kind: 'reused' };
    },
    store: (_, request, answer) => keep(request, answer),
    storeAfterwards: keep,
  };
}

/** A part of a form as it stands on the wire. */
export interface RawPart {
  readonly name: string;
  readonly fileName?: string;
  readonly type?: string;
  readonly content: string | Uint8Array;
}

export const boundary = 'a-boundary';
export const formHeaders = { 'content-type': `multipart/form-data; boundary=${boundary}` };

/** Writes a form by hand, for what no client's library would send. */
export function rawForm(parts: readonly RawPart[], end = `--${boundary}--\r\n`, begin = ''): Buffer {
  return Buffer.concat([
    Buffer.from(begin),
    ...parts.flatMap(({ name, fileName, type, content }) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"`),
      Buffer.from(fileName === undefined ? '' : `; filename="${fileName}"`),
      Buffer.from(type === undefined ? '\r\n\r\n' : `\r\nContent-Type: ${type}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(end),
  ]);
}
