import { describe, expect, it } from 'vitest';
import { pageOfText } from '../../../src/mcp/text-page.ts';

describe('a page of a text', () => {
  it('begins before a character whose second half was asked for', () => {
    const bounds = { offset: 2, maxCharacters: 10, maxTokens: 100 };
    expect(pageOfText('a😀b', bounds)).toEqual({ text: '😀b', offset: 1, nextOffset: null });
  });
});
