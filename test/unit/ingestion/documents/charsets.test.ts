import { describe, expect, it } from 'vitest';
import { decodeText } from '../../../../src/ingestion/documents/decode-text.ts';

const latin = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const utf8 = (text: string) => Uint8Array.from(Buffer.from(text));
const metaPage = (charset: string, body: Uint8Array) =>
  Uint8Array.from([...latin(`<html><head><meta charset="${charset}"></head><body>`), ...body]);
/** 日本 in Shift_JIS. */
const japan = Uint8Array.from([0x93, 0xfa, 0x96, 0x7b]);

function utf32(text: string, littleEndian: boolean): Uint8Array {
  const codes = [0xfeff, ...Array.from(text, (character) => character.codePointAt(0) ?? 0)];
  const view = new DataView(new ArrayBuffer(codes.length * 4));
  for (const [index, code] of codes.entries()) view.setUint32(index * 4, code, littleEndian);
  return new Uint8Array(view.buffer);
}

describe('the charset of a text', () => {
  it.for<[name: string, bytes: Uint8Array, contentType: string | null, text: string]>([
    [
      'that of the mark, whatever the header says',
      Uint8Array.from([0xef, 0xbb, 0xbf, ...utf8('né')]),
      'text/plain; charset=windows-1252',
      'né',
    ],
    [
      'UTF-16, little end first',
      Uint8Array.from([0xff, 0xfe, ...Buffer.from('né 日', 'utf16le')]),
      null,
      'né 日',
    ],
    [
      'UTF-16, big end first',
      Uint8Array.from([0xfe, 0xff, ...Buffer.from('né 日', 'utf16le').swap16()]),
      null,
      'né 日',
    ],
    ['UTF-32, little end first', utf32('né 😀', true), null, 'né 😀'],
    ['UTF-32, big end first', utf32('né 😀', false), null, 'né 😀'],
    [
      'that of the header',
      latin('caf\xe9 \x93quoted\x94'),
      'text/html; charset="Windows-1252"',
      'café “quoted”',
    ],
    [
      'that of the header, against the page',
      metaPage('shift_jis', latin('caf\xe9')),
      'text/html; charset=iso-8859-1',
      'café',
    ],
    ['that of the page', metaPage('Shift_JIS', japan), 'text/html', '日本'],
    ['UTF-8 where nothing tells', utf8('né'), null, 'né'],
    ['UTF-8 where a server calls it Latin', utf8('café'), 'text/plain; charset=iso-8859-1', 'café'],
    [
      'that of the page, where the header cannot be',
      metaPage('windows-1252', latin('caf\xe9')),
      'text/html; charset=utf-8',
      'café',
    ],
    [
      'UTF-8 where the header names no charset that there is',
      utf8('né'),
      'text/plain; charset=klingon',
      'né',
    ],
  ])('is %s', ([, bytes, contentType, text]) => {
    const decoded = decodeText(bytes, contentType);
    expect(decoded.text.replace(/^<html>.*<body>/, '')).toBe(text);
    expect(decoded.replaced).toBe(false);
  });

  it('is UTF-8 with replaced bytes for older text that is called UTF-8, and the answer says so', () => {
    expect(decodeText(latin('caf\xe9 noir'), 'text/plain; charset=utf-8')).toEqual({
      text: 'caf\ufffd noir',
      replaced: true,
    });
  });
});

describe('a decoded text', () => {
  it('has one kind of line end, no zero and no other control character', () => {
    expect(decodeText(utf8('a\r\nb\rc\u2028d\0\u0007e\tf'), null).text).toBe('a\nb\nc\nde\tf');
  });

  it('has no half of a character', () => {
    const lone = Uint8Array.from([0xff, 0xfe, 0x61, 0, 0x3d, 0xd8, 0x62, 0]);
    expect(decodeText(lone, null)).toEqual({ text: 'a\ufffdb', replaced: true });
    const half = new DataView(new ArrayBuffer(8));
    half.setUint32(0, 0xfeff);
    half.setUint32(4, 0xd83d);
    expect(decodeText(new Uint8Array(half.buffer), null)).toEqual({ text: '\ufffd', replaced: true });
  });
});
