import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { analyzeText } from '../../../src/domain/words/analyze-text.ts';
import { parseQuery } from '../../../src/domain/words/parse-query.ts';
import { listWordPassages, type Passage } from '../../../src/search/passages/word-passages.ts';
import { snippetOf } from '../../../src/search/snippet.ts';
import { replaceWords } from '../../../src/words/store.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { insertTenant } from '../../support/tenant-row.ts';
import type { TestDatabase } from '../../support/test-database.ts';

const it = factsOfDatabase().extend('tenantId', { scope: 'file' }, ({ db }) => insertTenant(db));

const prose = 'The lease ends before the holder knows it, and the next one begins its work. ';
const longProse = prose.repeat(300);

describe('a passage', () => {
  it('is where the word stands, wherever that is in the body', async ({ db, tenantId }) => {
    for (const at of [0, 900, 5_000, 16_100, longProse.length]) {
      const { snippet, at: place } = await passage(
        db,
        tenantId,
        `${cut(longProse, at)} zebra. ${longProse.slice(at)}`,
        'zebra',
      );
      expect(snippet).toContain('<mark>zebra</mark>');
      expect(place).toBe(at + 1);
    }
  });

  it('is the last line of a changelog of 263,000 characters', async ({ db, tenantId }) => {
    const entry = (i: number) => `## ${i}.0.0\n\n- ${prose}\n- ${prose}\n\n`;
    let body = '# Changelog\n\n';
    for (let i = 1_500; body.length < 263_000; i -= 1) body += entry(i);
    body +=
      '## 0.1.0\n\n### Operators\n\n- **takeUntil:** takes until a notifier emits ([#1234](https://example.com/1234))\n';
    const found = await passage(db, tenantId, body, 'takeUntil');
    expect(found.snippet).toMatch(
      /^<mark>takeUntil<\/mark>:\*\* takes until|\*\*<mark>takeUntil<\/mark>:\*\* takes until/,
    );
    expect(found.heading).toBe('Changelog > 0.1.0 > Operators');
  });
});

const cut = (text: string, at: number) => text.slice(0, at);

interface Shown extends Passage {
  readonly snippet: string;
}

/** The passage of an article of this body for a query. */
async function passage(
  db: TestDatabase,
  tenantId: string,
  body: string,
  q: string,
  fields: { readonly title?: string; readonly language?: string | null } = {},
): Promise<Shown> {
  const { title = 'T', language = null } = fields;
  const id = randomUUID();
  const words = analyzeText({ title, tags: [], category: 'idea', body, language });
  const found = await db.database.withTenant(tenantId, async (tx) => {
    await tx('articles').insert({
      ...{ tenant_id: tenantId, id, title, body, category: 'idea' },
      ...{ status: 'published', content_hash: 'h' },
    });
    await replaceWords(tx, tenantId, { id, status: 'published', category: 'idea', tags: [] }, [words]);
    const terms = parseQuery(q, ['en', 'de']).terms.map(({ marks }) => ({ lexemes: marks, weight: 1 }));
    return listWordPassages(tx, tenantId, [id], { terms });
  });
  const shown = found.get(id);
  if (shown === undefined) throw new Error('no passage');
  return { ...shown, snippet: snippetOf(shown.text) };
}
