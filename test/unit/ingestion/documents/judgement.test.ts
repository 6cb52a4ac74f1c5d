import { describe, expect, it } from 'vitest';
import { judgeBytes } from '../../../../src/ingestion/documents/judge-bytes.ts';
import { judgeText, type TextKind } from '../../../../src/ingestion/documents/judge-text.ts';
import { page } from '../../../support/documents.ts';

const none = { contentType: null, name: null };

describe('bytes', () => {
  it.for<[what: string, bytes: Uint8Array | string, kind: string]>([
    ['a PDF', '%PDF-1.7\n1 0 obj', 'pdf'],
    ['a PDF behind blanks', '\n\n%PDF-1.7\n', 'pdf'],
    ['a page that names the signature of a PDF', '<html><body>%PDF-1.7 <script>x</script>', 'text'],
    ['an archive', Uint8Array.from([0x50, 0x4b, 3, 4, 20, 0]), 'zip'],
    [
      'a picture',
      Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d]),
      'unsupported',
    ],
    ['a program', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]), 'unsupported'],
    ['a packed file', Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), 'unsupported'],
    [
      'an older office file',
      Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0, 0, 0]),
      'unsupported',
    ],
    ['rich text', '{\\rtf1\\ansi Hello}', 'unsupported'],
    ['nothing', '', 'unsupported'],
    ['UTF-16 with its mark', Uint8Array.from([0xff, 0xfe, 0x61, 0, 0x62, 0]), 'text'],
    ['text with one zero byte', `${'words '.repeat(40)}\0`, 'text'],
  ])('of %s are judged', async ([, bytes, kind]) => {
    expect(await judgeBytes(Uint8Array.from(Buffer.from(bytes)))).toBe(kind);
  });
});

describe('a text', () => {
  it.for<[what: string, text: string, kind: TextKind]>([
    ['a page', page, 'html'],
    ['a page of XHTML', `<?xml version="1.0"?>\n<!-- x -->\n${page}`, 'html'],
    ['a piece of a page', '<p>One</p><p>Two</p>', 'html'],
    ['a Markdown file that begins with a tag', '<p align="center">Logo</p>\n\n# Title\n\nText', 'markdown'],
    ['Markdown with a heading', '# Title\n\nText', 'markdown'],
    ['Markdown with a table', 'a | b\n--- | ---\n1 | 2', 'markdown'],
    ['Markdown with a list and a link', '- see [here](https://example.com)', 'markdown'],
    ['plain text', 'Dear harbour,\n\nthe crane is broken.\n\nYours', 'plain'],
    ['plain text with commas', 'One, two and three.\nFour, five and six.\nSeven, eight, and nine.', 'plain'],
    ['a text with a comparison', '<3 is a heart, and 1 < 2', 'plain'],
    ['JSON', '{"a": [1, 2]}', 'data'],
    ['a list in JSON', '[{"a": 1}]', 'data'],
    ['JSON that is cut off', '{"title": "x", "body": "', 'data'],
    ['JSON by the line', '{"a":1}\n{"a":2}\n', 'data'],
    ['a text that begins with brackets', '[1] is a reference, as everybody knows.', 'plain'],
    ['CSV', 'name,size,place\nanna,17,"Kiel, north"\nbert,19,Bonn\ncarl,21,Ulm', 'data'],
    ['tabs', 'name\tsize\tplace\na\t1\tx\nb\t2\ty\nc\t3\tz', 'data'],
    ['XML', '<?xml version="1.0"?><order><item>1</item></order>', 'data'],
    ['a feed', '<rss version="2.0"><channel><title>x</title></channel></rss>', 'data'],
    ['a drawing', '<svg xmlns="http://www.w3.org/2000/svg"><text>x</text></svg>', 'data'],
    ['blanks', ' \n\t ', 'empty'],
  ])('is judged by its words: %s', ([, text, kind]) => {
    expect(judgeText(text, none)).toBe(kind);
  });

  it('is what its words say where its label says something else', () => {
    expect(judgeText(page, { contentType: 'text/plain', name: 'notes.md' })).toBe('html');
    expect(
      judgeText('Dear harbour, the crane is broken.', { contentType: 'application/json', name: null }),
    ).toBe('plain');
    expect(judgeText('{"a": 1}', { contentType: 'text/html', name: 'a.html' })).toBe('data');
  });

  it('is what its label says where its words leave that open', () => {
    const text = 'Words without marks.';
    expect(judgeText(text, { contentType: 'text/markdown; charset=utf-8', name: null })).toBe('markdown');
    expect(judgeText(text, { contentType: null, name: 'https://example.com/readme.md?raw=1' })).toBe(
      'markdown',
    );
    const short = 'name,size\nanna,17\n';
    expect(judgeText(short, none)).toBe('plain');
    expect(judgeText(short, { contentType: 'text/csv', name: null })).toBe('data');
  });
});
