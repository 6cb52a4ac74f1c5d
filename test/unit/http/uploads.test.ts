import { IncomingMessage } from 'node:http';
import { connect, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { test as base, describe, expect } from 'vitest';
import { createOpenApiDocument } from '../../../src/http/openapi.ts';
import { readForm } from '../../../src/http/read-form.ts';
import { fileNameOf, type Upload } from '../../../src/platform/http/upload.ts';
import { createShare } from '../../../src/platform/shares/share.ts';
import {
  boundary,
  formHeaders,
  formRoute,
  idempotencyInMemory,
  maxFileBytes,
  type RawPart,
  rawForm,
} from '../../support/form-route.ts';
import { keyOf, startTinyApp, type TinyApp, tinyRoutes } from '../../support/tiny-app.ts';
import { waitUntil } from '../../support/wait-until.ts';

const key = keyOf('orchestrator');
const file = { name: 'file', fileName: 'a.md', type: 'text/markdown', content: '# Hello' } as const;
const sourceType = { name: 'source_type', content: 'finding' } as const;
const others = createShare({ name: 'uploads', total: 4, perTenant: 1, maxWaiting: 0, waitMs: 0 });

const test = base
  .extend('held', { scope: 'file' }, () => ({
    during: async (_: Upload | undefined): Promise<void> => undefined,
  }))
  .extend('app', { scope: 'file' }, async ({ held }, { onCleanup }): Promise<TinyApp> => {
    const app = await startTinyApp({
      routes: [...tinyRoutes(), formRoute((upload) => held.during(upload))],
      idempotency: idempotencyInMemory(),
      rateLimits: { requestsPerMinute: 100_000, refusedKeysPerMinute: 100_000 },
      uploads: others,
    });
    onCleanup(async () => void (await app.close()));
    return app;
  })
  .extend(
    'send',
    ({ app }) =>
      (parts: readonly RawPart[], headers: Record<string, string> = {}) =>
        app.call('POST', '/documents', { key, raw: rawForm(parts), headers: { ...formHeaders, ...headers } }),
  );

describe('a form with a file', () => {
  test('brings the bytes, the name, the type and the fields', async ({ app }) => {
    const form = new FormData();
    form.append('source_type', 'report');
    form.append('publish', 'true');
    form.append('articles', '12');
    form.append('note', '12');
    form.append('metadata', '{"team":"知識"}');
    form.append(
      'file',
      new Blob([Buffer.from([0, 255, 13, 10, 45, 45])], { type: 'application/pdf' }),
      'été.pdf',
    );
    const response = await fetch(`${app.url}/api/v1/documents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: form,
    });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({
      body: { source_type: 'report', publish: true, articles: 12, note: '12', metadata: { team: '知識' } },
      file: { fileName: 'été.pdf', contentType: 'application/pdf', hex: '00ff0d0a2d2d', size: 6 },
    });
  });

  test('stands beside JSON, which brings no file', async ({ app }) => {
    const json = { source_type: 'finding', content: 'text' };
    expect(await app.call('POST', '/documents', { key, json })).toMatchObject({
      status: 202,
      body: { body: json, file: null },
    });
  });

  test('may be as large as the route says, and not a byte larger', async ({ send }) => {
    const of = (bytes: number) => send([sourceType, { ...file, content: Buffer.alloc(bytes, 7) }]);
    expect(await of(maxFileBytes)).toMatchObject({ status: 202, body: { file: { size: maxFileBytes } } });
    expect(await of(maxFileBytes + 1)).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
    expect((await of(3 * maxFileBytes)).status).toBe(413);
  });

  test.for<[string, readonly RawPart[], number, string, string]>([
    [
      'no file',
      [sourceType],
      422,
      'validation_failed',
      'file: is required in a form: what has no file is sent as JSON',
    ],
    ['two files', [sourceType, file, file], 422, 'validation_failed', 'file: must be one file'],
    [
      'an empty file',
      [sourceType, { ...file, content: '' }],
      422,
      'validation_failed',
      'file: must not be empty',
    ],
    [
      'a file in another part',
      [sourceType, file, { ...file, name: 'other' }],
      422,
      'validation_failed',
      'file: must be the name of the part with the file',
    ],
    [
      'a field that the file replaces',
      [file, sourceType, { name: 'content', content: 'x' }],
      422,
      'validation_failed',
      'content: must not stand beside a file',
    ],
    [
      'a field twice',
      [file, sourceType, sourceType],
      422,
      'validation_failed',
      'source_type: is there twice',
    ],
    [
      'a field that is not known',
      [file, sourceType, { name: 'other', content: '1' }],
      422,
      'validation_failed',
      'other: is not a known field',
    ],
    [
      'a field called __proto__',
      [file, sourceType, { name: '__proto__', content: '{}' }],
      422,
      'validation_failed',
      '__proto__',
    ],
    [
      'a boolean that is none',
      [file, sourceType, { name: 'publish', content: 'yes' }],
      422,
      'validation_failed',
      'publish: must be true or false',
    ],
    [
      'a number that JSON would lose',
      [file, sourceType, { name: 'metadata', content: '{"a":12345678901234567890}' }],
      422,
      'validation_failed',
      'metadata.a',
    ],
    [
      'fields of more than 64 KB in all',
      [
        file,
        sourceType,
        { name: 'note', content: 'x'.repeat(40_000) },
        { name: 'metadata', content: 'x'.repeat(40_000) },
      ],
      413,
      'body_too_large',
      '64 KB',
    ],
    [
      'a field that is not UTF-8',
      [file, sourceType, { name: 'note', content: Buffer.from([0xc3, 0x28]) }],
      400,
      'malformed_request',
      'UTF-8',
    ],
    [
      'too many parts',
      [file, ...Array.from({ length: 60 }, (_, at) => ({ name: `f${at}`, content: '' }))],
      400,
      'malformed_request',
      '50 parts',
    ],
  ])('with %s is refused', async ([, parts, status, code, detail], { send }) => {
    const answer = await send(parts);
    expect(answer).toMatchObject({ status, body: { code, detail: expect.stringContaining(detail) } });
  });

  test.for([
    ['no boundary', { 'content-type': 'multipart/form-data' }, 400],
    ['another boundary', { 'content-type': 'multipart/form-data; boundary=other' }, 400],
    ['a compression', { 'content-encoding': 'gzip' }, 415],
    ['another kind of form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ] as const)('with %s in its headers is refused', async ([, headers, status], { send }) => {
    expect((await send([sourceType, file], headers)).status).toBe(status);
  });

  test.for([
    [70, 202],
    [71, 400],
  ] as const)('with a boundary of %i characters gets %i', async ([length, status], { app }) => {
    const other = 'b'.repeat(length);
    const raw = rawForm([sourceType, file]).toString().replaceAll(boundary, other);
    const headers = { 'content-type': `multipart/form-data; boundary=${other}` };
    expect((await app.call('POST', '/documents', { key, raw, headers })).status).toBe(status);
  });

  test('is refused for what stands before or after its parts, if that is large', async ({ app }) => {
    const around = 'x'.repeat(maxFileBytes + 200_000);
    const before = rawForm([sourceType, file], undefined, `${around}\r\n`);
    const after = rawForm([sourceType, file], `--${boundary}--\r\n${around}`);
    for (const raw of [before, after]) {
      expect((await app.call('POST', '/documents', { key, raw, headers: formHeaders })).status).toBe(413);
    }
  });

  test('that is cut off is refused', async ({ app }) => {
    const whole = rawForm([sourceType, file]);
    for (const end of [10, 60, 100, whole.length - 20, whole.length - 6]) {
      const raw = whole.subarray(0, end);
      const answer = await app.call('POST', '/documents', { key, raw, headers: formHeaders });
      expect([end, answer.status]).toEqual([end, 400]);
    }
  });

  test('is refused by a route that takes none', async ({ app }) => {
    const answer = await app.call('POST', '/notes', { key, raw: rawForm([file]), headers: formHeaders });
    expect(answer).toMatchObject({ status: 415, body: { detail: 'The body must be application/json.' } });
  });
});

describe('the name of a file', () => {
  test.for([
    ['../../etc/passwd', 'passwd'],
    ['C:\\\\temp\\\\plan.docx', 'plan.docx'],
    ['..', null],
    ['', null],
    ['  spaced .md ', 'spaced .md'],
    ['gpj.\u202etxt.exe', 'gpj.txt.exe'],
    ['a\u0000\u0007b.md', 'ab.md'],
    [`${'é'.repeat(250)}.md`, 'é'.repeat(200)],
    ['x'.repeat(199).concat('😀'), 'x'.repeat(199)],
  ] as const)('%j becomes %j', async ([fileName, kept], { send }) => {
    expect(fileNameOf(fileName)).toBe(kept);
    expect(await send([sourceType, { ...file, fileName }])).toMatchObject({
      status: 202,
      body: { file: { fileName: kept } },
    });
  });
});

describe('a repetition of a form', () => {
  test.for<[string, RawPart, number]>([
    ['the same bytes', file, 202],
    ['other bytes', { ...file, content: '# Other' }, 409],
    ['another name', { ...file, fileName: 'b.md' }, 409],
  ])('with the same Idempotency-Key and %s', async ([what, again, status], { send }) => {
    const headers = { 'idempotency-key': `form-${what}` };
    expect((await send([sourceType, file], headers)).status).toBe(202);
    const second = await send([again, sourceType], headers);
    expect(second.status).toBe(status);
    expect(second.headers.get('idempotency-replayed')).toBe(status === 202 ? 'true' : null);
  });
});

describe('files under way', () => {
  test('are counted by tenant: a further one is refused, JSON and other tenants are not', async ({
    app,
    held,
    send,
  }) => {
    let letGo: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    held.during = (upload) => (upload === undefined ? Promise.resolve() : waiting);
    const first = send([sourceType, file]);
    await waitUntil(() => others.inUse === 1);
    const second = await send([sourceType, file]);
    expect(second).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(second.headers.get('retry-after')).toBe('5');
    const json = { source_type: 'finding' };
    expect((await app.call('POST', '/documents', { key, json })).status).toBe(202);
    letGo();
    expect((await first).status).toBe(202);
    await waitUntil(() => others.inUse === 0);
  });

  test('end with the connection of their client', async ({ app }) => {
    const socket = connect(app.port, '127.0.0.1');
    const head = [
      'POST /api/v1/documents HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${key}`,
      `Content-Type: ${formHeaders['content-type']}`,
      'Content-Length: 5000',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n--${boundary}\r\n`);
    await waitUntil(() => others.inUse === 1);
    socket.destroy();
    await waitUntil(() => others.inUse === 0);
  });
});

describe('a form that does not end', () => {
  test('is refused after its time, and the client’s connection is read on', async () => {
    const request = new IncomingMessage(new Socket());
    request.headers = formHeaders;
    request.push(rawForm([sourceType, file], ''));
    const form = await readForm(request, { maxBytes: maxFileBytes }, 20);
    expect(form).toMatchObject({
      kind: 'problem',
      code: 'malformed_request',
      detail: expect.stringContaining('0.02 s'),
    });
    expect(request.readableFlowing).toBe(true);
  });
});

describe('a form in pieces of one byte', () => {
  test('is taken where it is small, and refused early where it is large', async ({ app }) => {
    const inPieces = async (size: number) => {
      const form = rawForm([sourceType, { ...file, content: Buffer.alloc(size, 120) }]);
      const head = [
        'POST /api/v1/documents HTTP/1.1',
        'Host: x',
        'Connection: close',
        `Authorization: Bearer ${key}`,
        `Content-Type: ${formHeaders['content-type']}`,
        'Transfer-Encoding: chunked',
      ];
      const socket = connect(app.port, '127.0.0.1');
      const chunks = [...form].map((byte) => `1\r\n${String.fromCharCode(byte)}\r\n`).join('');
      socket.end(`${head.join('\r\n')}\r\n\r\n${chunks}0\r\n\r\n`, 'latin1');
      return (await text(socket)).slice(0, 12);
    };
    expect(await inPieces(1_000)).toBe('HTTP/1.1 202');
    expect(await inPieces(20_000)).toBe('HTTP/1.1 400');
  });
});

describe('the document of a route that takes a file', () => {
  test('shows the form beside JSON, without the fields that the file replaces', () => {
    const document = createOpenApiDocument([formRoute()], { version: '1' });
    expect(document.paths?.['/documents']?.post?.requestBody).toMatchObject({
      content: {
        'application/json': { schema: { properties: { content: {} } } },
        'multipart/form-data': {
          schema: {
            required: ['file', 'source_type'],
            properties: {
              file: {
                type: 'string',
                contentMediaType: 'application/octet-stream',
                description: 'The document, at most 1 MB',
              },
              metadata: { type: 'object' },
            },
            additionalProperties: false,
          },
        },
      },
    });
    expect(JSON.stringify(document).match(/"content":\{"type":"string"/g)).toHaveLength(1);
  });
});

describe('whatever comes as a form', () => {
  test('is taken or refused as the client’s fault', async ({ app }) => {
    const piece = fc.oneof(
      fc.constantFrom('\r\n', '--', boundary, `\r\n--${boundary}\r\n`, `\r\n--${boundary}--`, '\r\n\r\n'),
      fc.constantFrom(
        'Content-Disposition: form-data; name="file"; filename="a"',
        'Content-Disposition: form-data',
        ': ',
        ';',
      ),
      fc.constantFrom(
        'Content-Type: text/plain; charset=utf-16',
        "; filename*=utf-8''%ff%",
        '; name="',
        'Content-Disposition: ',
      ),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 14 }), fc.boolean(), async (pieces, begins) => {
        const raw = Buffer.from(`${begins ? `--${boundary}\r\n` : ''}${pieces.join('')}`, 'latin1');
        const { status } = await app.call('POST', '/documents', { key, raw, headers: formHeaders });
        expect([202, 400, 415, 422]).toContain(status);
      }),
      { numRuns: 600 },
    );
  });
});
