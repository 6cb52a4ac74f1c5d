import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { keyOf } from '../../support/tiny-app.ts';
import { factsOfTinyApp } from '../../support/tiny-app-facts.ts';

const it = factsOfTinyApp({
  rateLimits: { requestsPerMinute: 100_000, refusedKeysPerMinute: 100_000 },
});

describe('whatever a client sends', () => {
  it('a JSON body is either taken or refused as the client’s fault', async ({ app }) => {
    const note = fc.record({ title: anyText, metadata: fc.dictionary(anyText, fc.jsonValue()) });
    await fc.assert(
      fc.asyncProperty(fc.oneof(note, fc.jsonValue()), async (json) => {
        const { status } = await app.call('POST', '/notes', { key: keyOf('orchestrator'), json });
        expect([201, 422]).toContain(status);
      }),
      { numRuns: 80 },
    );
  });

  it('bytes that claim to be JSON are never a failure of ours', async ({ app }) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (raw) => {
        const headers = { 'content-type': 'application/json' };
        const { status } = await app.call('POST', '/notes', { key: keyOf('orchestrator'), raw, headers });
        expect([400, 422]).toContain(status);
      }),
      { numRuns: 40 },
    );
  });

  it('a query is either taken or refused as the client’s fault', async ({ app }) => {
    const name = fc.constantFrom('limit', 'cursor', 'tags', 'other', '__proto__', 'constructor');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, anyText), { maxLength: 4 }), async (pairs) => {
        const { status } = await app.call('GET', `/notes?${new URLSearchParams(pairs)}`, {
          key: keyOf('agent'),
        });
        expect([200, 422]).toContain(status);
      }),
      { numRuns: 60 },
    );
  });

  it('a path below a collection leads to a thing or to none', async ({ app }) => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (id) => {
        const { status } = await app.call('GET', `/notes/${encodeURIComponent(id)}`, { key: keyOf('agent') });
        expect([200, 404]).toContain(status);
      }),
      { numRuns: 40 },
    );
  });
});

/** Any text at all, halves of surrogate pairs and control characters among it. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});
