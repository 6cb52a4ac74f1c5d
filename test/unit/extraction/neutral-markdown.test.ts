import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neutralMarkdown } from '../../../src/extraction/neutral-markdown.ts';

describe('a body of a model', () => {
  it.each([
    ['a script', '<script>alert(1)</script>', '&lt;script>alert(1)&lt;/script>'],
    ['a handler', 'A <img src=x onerror=alert(1)> b', 'A &lt;img src=x onerror=alert(1)> b'],
    ['a comment', 'A <!-- b --> c', 'A &lt;!-- b --> c'],
    ['an address of script', '<javascript:alert(1)>', '&lt;javascript:alert(1)>'],
    ['an image', '![pixel](https://a.example/p.png)', '[pixel](https://a.example/p.png)'],
    ['an image after marks', 'So!!![pixel](https://a.example)', 'So[pixel](https://a.example)'],
    ['a link to script', '[x](javascript:alert(1))', ']\\(javascript:alert(1))'],
    ['one in other letters', '[x](JaVaScRiPt:alert(1))', ']\\(JaVaScRiPt:'],
    ['one spelled with entities', '[x](&#106;avascript:alert(1))', ']\\(&#106;'],
    ['one with an entity as its colon', '[x](javascript&colon;alert(1))', ']\\(javascript&colon;'],
    ['one with an escape', '[x](javascript\\:alert(1))', ']\\(javascript\\:'],
    ['one on the next line', '[x](\njavascript:alert(1))', ']\\(\njavascript:'],
    ['one on the next line of a quotation', '> [x](\n> javascript:alert(1))', ']\\(\n> javascript:'],
    ['one in angles after a blank', '[x](< javascript:alert(1)>)', ']\\(< javascript:'],
    ['one in its definition', '[x]\n\n[x]: javascript:alert(1)', ']\\: javascript:'],
    ['data', '[x](data:text/html;base64,AAAA)', ']\\(data:'],
  ])('keeps the words of %s and loses its effect', (_, body, expected) => {
    expect(neutralMarkdown(body)).toContain(expected);
  });

  it.each([
    ['comparisons', 'a < b, 1<2 and a <- b'],
    ['addresses', '<https://a.example/x?y=1> and [x](https://a.example), [y](mailto:a@b.example)'],
    ['links within the site', '[x](/a:b), [y](#z), [z](../a.md "T")'],
    ['code in spans', 'A `List<Item>` and ``a ` <b>`` here'],
    ['code in blocks', '```ts\nconst x: Map<string> = a[b](c);\n<script>\n[x]: a:b ![c](d)\n```\ntext'],
    ['blocks of waves', '~~~\n<b>\n```\n<i>\n~~~'],
    ['fences in longer fences', '````\n```\n<b>\n````'],
    ['tables', '| a | b |\n| --- | --- |\n| `x<y>` | z |'],
  ])('keeps %s as they are', (_, body) => {
    expect(neutralMarkdown(body)).toBe(body);
  });

  // In each a renderer leaves the code sooner than a reader of lines might think.
  it.each([
    ['a fence that is closed with blanks before it', '```\ncode\n   ```\n<script>'],
    ['a fence in a list that the margin closes', '- ```\n  code\n  ```\n<script>'],
    ['a fence in a quotation', '> ```\n> code\n\n<script>'],
    ['a fence of blanks and then one at the margin', '  ```\n```\n<script>'],
    ['an info text with a backtick', '``` a`b\n<script>'],
    ['front matter with a fence', '---\n```\n---\n<script>'],
    ['a formula with a fence', '$$\n```\n$$\n<script>'],
    ['an escaped backtick', '\\`<script>`'],
    ['a span over two lines', 'a ` b\n`<script>` c'],
    ['a span in two cells', '| `a | <script>` |\n| --- | --- |'],
    ['spans of unequal length', '``<script>`'],
    ['a block that ends after a longer fence', '```\ncode\n`````\n<script>'],
  ])('is taken for text after %s', (_, body) => {
    expect(neutralMarkdown(body)).toMatch(/&lt;script>/);
    expect(neutralMarkdown(body)).not.toMatch(/<script/);
  });

  it('without an end of its code gets one, so that the next text is not taken for code', () => {
    expect(neutralMarkdown('a\n~~~~ts\n<b>')).toBe('a\n~~~~ts\n<b>\n~~~~');
  });

  it('without any backtick, wave or dollar holds no markup afterwards, whatever it held before', () => {
    const pieces = [
      '<',
      'script',
      '>',
      '!',
      '[',
      ']',
      '(',
      ')',
      ':',
      'javascript:',
      ' ',
      '\n',
      '\\',
      '&',
      'a',
    ];
    const bodies = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(bodies, (body) => {
        const neutral = neutralMarkdown(body);
        expect(neutral).not.toMatch(/<[a-z/!?]/i);
        expect(neutral).not.toContain('![');
        expect(neutral).not.toMatch(/\][(:][\s>]*<?\s*javascript:/);
      }),
    );
  });

  it.each(['<', '`', '[', '](', ']:', '!', '`` ` ', '<https://', '> ', '~', '\\`', '](<'])(
    'of a hundred thousand times %s is ready at once',
    (piece) => {
      expect(neutralMarkdown(piece.repeat(100_000)).length).toBeGreaterThan(0);
    },
  );
});
