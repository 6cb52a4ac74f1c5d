import { describe, expect, it } from 'vitest';
import { articleHash, articleText } from '../../../src/domain/article-text.ts';
import { chunkArticle, maxChunkTokens } from '../../../src/domain/chunks.ts';
import { estimateTokens } from '../../../src/domain/tokens.ts';

const title = 'Settings of the client';
const words = (count: number) => `${'A worker takes a lease and renews it. '.repeat(count).trim()}`;
const row = (at: number) => `| retry_${at} | integer | ${at} |`;
const table = (rows: number) =>
  [
    '| parameter | type | default |',
    '|-----------|:----:|---------|',
    ...Array.from({ length: rows }, (_, at) => row(at)),
  ].join('\n');

describe('a passage', () => {
  it('is embedded below the title and the headings above it, which its reader is not shown', () => {
    const body = `# Storage\n\n${words(60)}\n\n## Backups\n\n${words(60)}`;
    const passages = passagesOf({ title, body });
    const goesOn = passages.filter(({ text }) => !text.startsWith('#'));
    expect(goesOn.map(({ heading }) => heading)).toContain('Storage > Backups');
    for (const { heading, text, input } of goesOn) expect(input).toBe(`${title}\n${heading}\n\n${text}`);
    expect(passages.find(({ text }) => text.startsWith('## Backups'))).toMatchObject({
      heading: 'Storage > Backups',
      input: expect.stringMatching(/^Settings of the client\nStorage\n\n## Backups\n/),
    });
  });

  it('knows headings that are underlined, and none within code', () => {
    const body = `Storage\n===\n\n${words(60)}\n\n\`\`\`\n# a remark\n\`\`\`\n\n${words(60)}`;
    expect(passagesOf({ title, body }).at(-1)?.input).toMatch(/^Settings of the client\nStorage\n\n/);
  });

  it('within a table begins with its head, without the blanks that align it', () => {
    const passages = passagesOf({ title, body: `# All\n\n${table(300)}\n\n${words(50)}` });
    const head = '| parameter | type | default |\n|---|:---:|---|\n';
    const within = passages.filter(({ text }) => text.includes('retry_') && !text.includes('retry_0 '));
    expect(within.length).toBeGreaterThan(5);
    for (const { text } of within) expect(text.startsWith(`${head}| retry_`)).toBe(true);
    expect(passages.at(-1)?.text.startsWith('A worker')).toBe(true);
    expect(passages.find(({ text }) => text.includes('| retry_250 |'))).toMatchObject({ heading: 'All' });
  });

  it('has no head of a table that is very wide', () => {
    const columns = Array.from({ length: 100 }, (_, at) => `column ${at}`).join(' | ');
    const wide = `| ${columns} |\n|${'---|'.repeat(100)}\n${table(100).split('\n').slice(2).join('\n')}`;
    for (const { text } of passagesOf({ title, body: wide }).slice(4)) expect(text).not.toContain('column 0');
  });

  it('has room for itself behind the longest front', () => {
    const long = '深い見出し'.repeat(100);
    const headings = [1, 2, 3, 4, 5, 6].map((level) => `${'#'.repeat(level)} ${long}`).join('\n\n');
    const chunks = chunkArticle({ title: long, body: `${headings}\n\n${table(500)}`, tags: [long] });
    for (const { input } of chunks)
      expect(Math.ceil(estimateTokens(input))).toBeLessThanOrEqual(maxChunkTokens);
    const rows = chunks.filter(({ text }) => text.includes('| retry_'));
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.length).toBeLessThan(500 / 3);
  });
});

describe('the card of an article', () => {
  it('holds title, tags and first sentences, of which the sentences are shown', () => {
    const chunks = chunkArticle({ title, body: `${words(100)}`, tags: ['Retries', 'SSRF'] });
    const card = chunks.at(-1);
    expect(card).toMatchObject({ isCard: true, heading: '', position: chunks.length - 1 });
    expect(card?.text).toMatch(/^(A worker takes a lease and renews it\. ?)+$/);
    expect(card?.text.length).toBeLessThan(600);
    expect(card?.input).toBe(`${title}\nretries, ssrf\n\n${card?.text}`);
    expect(chunks.filter(({ isCard }) => isCard)).toHaveLength(1);
  });

  it('is left out where the only passage says the same', () => {
    expect(chunkArticle({ title, body: words(3), tags: [] })).toHaveLength(1);
    expect(chunkArticle({ title, body: words(3), tags: ['a'] })).toHaveLength(2);
    expect(chunkArticle({ title, body: '', tags: ['a'] }).map(({ input }) => input)).toEqual([
      title,
      `${title}\na`,
    ]);
  });

  it('alone changes with the tags, and with neither their order nor their case', () => {
    const body = words(100);
    const chunksWith = (tags: string[]) => chunkArticle({ title, body, tags }).map(({ hash }) => hash);
    const before = chunksWith(['one', 'two']);
    expect(chunksWith(['Two', 'ONE'])).toEqual(before);
    expect(chunksWith(['one', 'three']).filter((hash) => !before.includes(hash))).toHaveLength(1);
  });
});

describe('the hash of an article', () => {
  it('covers its tags, whatever their order and case', () => {
    const hashWith = (tags: string[]) => articleHash({ title, body: 'Words.', tags });
    expect(hashWith(['one', 'two'])).toBe(hashWith(['TWO', 'one', 'Two']));
    expect(
      new Set([hashWith([]), hashWith(['one']), hashWith(['one', 'two']), hashWith(['onetwo'])]).size,
    ).toBe(4);
    expect(articleText({ title, body: 'Words.' })).toBe(`${title}\n\nWords.`);
  });
});

function passagesOf(article: { title: string; body: string }) {
  return chunkArticle(article).filter(({ isCard }) => !isCard);
}
