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
      '## 0.1.0\n\n### Operators\n\n- **takeUntil:** ends when a notifier emits ([#1234](https://example.com/1234))\n';
    const found = await passage(db, tenantId, body, 'takeUntil');
    expect(found.snippet).toBe(
      '**<mark>takeUntil</mark>:** ends when a notifier emits ([#1234](https://example.com/1234))',
    );
    expect(found.heading).toBe('Changelog > 0.1.0 > Operators');
  });

  it('is the place where the most of the query stands closest together', async ({ db, tenantId }) => {
    const body = `one ${prose.repeat(40)} two quagga ${prose.repeat(40)} three zebra quagga ${prose.repeat(40)} four zebra quagga`;
    const shown = async (body: string, q: string) => (await passage(db, tenantId, body, q)).snippet;
    expect(await shown(body, 'zebra quagga')).toContain('three <mark>zebra</mark> <mark>quagga</mark>');
    expect(await shown(`zebra zebra zebra ${body}`, 'zebra quagga')).toContain('three <mark>zebra</mark>');
    expect(await shown(body, 'quagga')).toContain('two <mark>quagga</mark>');
  });

  it('has two parts where the words of the query stand far apart', async ({ db, tenantId }) => {
    const body = `${prose}A zebra runs. ${prose.repeat(40)}A quagga sleeps. ${prose.repeat(40)}`;
    const { snippet } = await passage(db, tenantId, body, 'quagga zebra');
    const parts = snippet.split(' … ');
    expect(parts).toHaveLength(2);
    expect(parts[0]).toContain('<mark>zebra</mark>');
    expect(parts[1]).toContain('<mark>quagga</mark>');
  });

  it('is found in a text that is longer than the positions of a tsvector', async ({ db, tenantId }) => {
    for (const at of [16_300, 16_400, 33_000, 50_000]) {
      const words = Array.from({ length: 60_000 }, (_, i) => `w${i % 500}`);
      words.splice(at, 0, 'zebra');
      const body = words.join(' ');
      const { snippet, at: place } = await passage(db, tenantId, body, 'zebra');
      expect(snippet).toContain('<mark>zebra</mark>');
      expect(place).toBe(body.indexOf('zebra'));
    }
  });

  it('is the beginning of the text where the title alone matches', async ({ db, tenantId }) => {
    const found = await passage(db, tenantId, longProse, 'zebra', { title: 'Zebra' });
    expect(found).toMatchObject({ at: 0, heading: null });
    expect(found.snippet).toMatch(/^The lease ends before the holder knows it/);
    expect((await passage(db, tenantId, '', 'zebra', { title: 'Zebra' })).snippet).toBe('');
    expect((await passage(db, tenantId, ' \n — … 🦉', 'zebra', { title: 'Zebra' })).snippet).toBe('— … 🦉');
  });

  it('has the headings above it, of whatever depth, and none of other branches', async ({ db, tenantId }) => {
    const body = [
      ...[
        '# Handbook',
        prose,
        '## Storage',
        longProse,
        '### Backups',
        '```\n# no heading\n```',
        longProse,
        'The zebra.',
      ],
      ...['## Network', 'The quagga.', 'Routing\n-------', 'The ocelot.'],
    ].join('\n\n');
    const heading = async (q: string) => (await passage(db, tenantId, body, q)).heading;
    expect(await heading('zebra')).toBe('Handbook > Storage > Backups');
    expect(await heading('quagga')).toBe('Handbook > Network');
    expect(await heading('ocelot')).toBe('Handbook > Routing');
    expect(await heading('routing')).toBe('Handbook > Routing');
    expect((await passage(db, tenantId, 'A zebra.\n\n# Behind', 'zebra')).heading).toBeNull();
  });

  it('that is a row of a table comes behind its header row', async ({ db, tenantId }) => {
    const rows = Array.from({ length: 300 }, (_, i) =>
      i === 250 ? '| retry_backoff | duration | 250 ms |' : `| parameter_${i} | text | value ${i} |`,
    );
    const body = `# Settings\n\n| parameter | type | default |\n| --- | --- | --- |\n${rows.join('\n')}\n\nThe end.`;
    const found = await passage(db, tenantId, body, 'default of retry_backoff');
    expect(found.snippet).toBe(
      '| parameter | type | <mark>default</mark> | … | <mark>retry_backoff</mark> | duration | 250 ms |',
    );
    expect(found.heading).toBe('Settings');
    expect((await passage(db, tenantId, body, 'end')).snippet).not.toContain('parameter |');
  });

  it.for([
    ['日本語のテストを書いています。別の文です。', 'テスト', 'テスト'],
    ['这是一个测试文档。', '测试', '测试'],
    ['번역을 부탁해 주세요', '번역', '번역을'],
    ['ระบบค้นหาเอกสารภาษาไทย', 'ค้นหา', 'ค้นหา'],
    ['قرأت كِتَابٌ جديد', 'كتاب', 'كِتَابٌ'],
    ['Un cafe\u0301 noir', 'cafe', 'cafe\u0301'],
    ['Un café noir', 'cafe', 'café'],
    ['Die Größe zählt', 'grosse', 'Größe'],
    ['ＡＢＣ１２３ is full width', 'abc123', 'ＡＢＣ１２３'],
    ['A ﬁsh swims', 'fish', 'ﬁsh'],
    ['the inter\u00adnational lease', 'international', 'inter\u00adnational'],
    ['the zero\u200bwidth lease', 'zerowidth', 'zero\u200bwidth'],
    ['call getUserById now', 'getuserbyid', 'getUserById'],
    ['see CVE-2024-1234 for it', 'CVE-2024-1234', 'CVE-2024-1234'],
    ['the pumps are lubricated', 'lubricate', 'lubricated'],
    ['🦉🦉 a zebra 👩‍👩‍👧 🦉', 'zebra', 'zebra'],
  ])('of %s marks for %s what is written there', async ([body, q, marked], { db, tenantId }) => {
    const { snippet } = await passage(db, tenantId, body ?? '', q ?? '');
    expect(snippet).toContain(`<mark>${marked}</mark>`);
    expect(snippet.replace(/<\/?mark>/g, '')).toBe(body);
  });

  it('marks the parts of a joined name that are asked for', async ({ db, tenantId }) => {
    const { snippet } = await passage(db, tenantId, 'call getUserById now', 'user');
    expect(snippet).toMatch(/<mark>(getUserById|User)<\/mark>|get<mark>User<\/mark>ById/);
  });

  it('marks all words with a beginning that is asked for', async ({ db, tenantId }) => {
    const { snippet } = await passage(db, tenantId, `${longProse}Idempotency of idempotent calls.`, 'idemp*');
    expect(snippet).toContain('<mark>Idempotency</mark> of <mark>idempotent</mark> calls.');
  });

  it('escapes what the author wrote', async ({ db, tenantId }) => {
    const { snippet } = await passage(db, tenantId, 'A <b>zebra</b> & "its" <mark>stripes</mark>', 'zebra');
    expect(snippet).toBe(
      'A &lt;b&gt;<mark>zebra</mark>&lt;/b&gt; &amp; &quot;its&quot; &lt;mark&gt;stripes&lt;/mark&gt;',
    );
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
