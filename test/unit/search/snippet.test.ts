import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchEnd, matchStart, snippetOf } from '../../../src/search/snippet.ts';

describe('a snippet', () => {
  it('marks the matched words and escapes everything else', () => {
    expect(snippetOf(`<b onclick="x('y')">${marked('R&D')}</b>`)).toBe(
      '&lt;b onclick=&quot;x(&#39;y&#39;)&quot;&gt;<mark>R&amp;D</mark>&lt;/b&gt;',
    );
  });

  it('does not take a mark of the author for one of ours', () => {
    expect(snippetOf('<mark>mine</mark>')).toBe('&lt;mark&gt;mine&lt;/mark&gt;');
  });

  it('collapses white space', () => {
    expect(snippetOf(' a\n\n  b\tc ')).toBe('a b c');
  });

  it('is cut after 500 characters, never within one', () => {
    expect(snippetOf('🦉'.repeat(501))).toBe(`${'🦉'.repeat(500)}…`);
    expect(snippetOf('x'.repeat(500))).toBe('x'.repeat(500));
    expect(snippetOf(`x${'🦉'.repeat(500)}`)).toBe(`x${'🦉'.repeat(499)}…`);
  });

  it('closes a mark that it was cut within', () => {
    expect(snippetOf(`a ${marked('x'.repeat(600))}`)).toBe(`a <mark>${'x'.repeat(498)}…</mark>`);
  });

  it('holds no markup but balanced marks, whatever the article and the sentinels in it', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(matchStart, matchEnd, '<', '&lt;', '<mark>', '"'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const html = snippetOf(pieces.join(''));
        expect(html.replace(/<mark>([^<>]*)<\/mark>/g, '$1')).not.toMatch(/[<>"']/);
        expect(html.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
      }),
    );
  });
});

function marked(word: string) {
  return `${matchStart}${word}${matchEnd}`;
}
