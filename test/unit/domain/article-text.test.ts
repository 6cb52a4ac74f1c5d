import { describe, expect, it } from 'vitest';
import { articleText, contentHash } from '../../../src/domain/article-text.ts';

describe('articleText', () => {
  it('is the title, a blank line and the body', () => {
    expect(articleText({ title: 'Leases', body: 'A lease ends.\n\nAlways.' })).toBe(
      'Leases\n\nA lease ends.\n\nAlways.',
    );
  });

  it('is the title alone where the body is blank', () => {
    expect(articleText({ title: 'Leases', body: ' \n\n' })).toBe('Leases');
  });

  it('is the same for every kind of line end and for blank space at the end', () => {
    const texts = ['a\nb', 'a\r\nb', 'a\rb', 'a\nb\n\n '].map((body) => articleText({ title: 't', body }));
    expect(new Set(texts)).toEqual(new Set(['t\n\na\nb']));
  });

  it('is the same for composed and decomposed accents, and keeps compatibility characters', () => {
    expect(articleText({ title: 'Cafe\u0301', body: 'x²' })).toBe('Caf\u00e9\n\nx²');
  });

  it('composes up to thirty marks in a row, and leaves longer runs as they are', () => {
    const thirty = `e\u0301${'\u0316\u0301'.repeat(14)}\u0316`;
    const bodyOf = (body: string) => articleText({ title: 't', body }).slice(3);
    expect(bodyOf(thirty)).toBe(thirty.normalize('NFC'));
    expect(bodyOf(`${thirty}\u0301 e\u0301`)).toBe(`${thirty}\u0301 é`);
  });

  it('keeps the title on one line, so that no title looks like a body', () => {
    expect(articleText({ title: ' a\n\nb ', body: 'c' })).toBe('a b\n\nc');
  });

  it('replaces a lone surrogate and keeps a pair', () => {
    expect(articleText({ title: 't', body: '\ud83d \ud83d\ude00 \ude00' })).toBe('t\n\n\ufffd 😀 \ufffd');
  });
});

describe('contentHash', () => {
  it('is SHA-256 of the UTF-8 form in hexadecimal', () => {
    expect(contentHash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(contentHash('é')).toBe('4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c');
  });
});
