// No script stacks more marks than a few; more are cut, because normalizing sorts a run of them in quadratic time.
const manyMarks = /(\p{M}{8})\p{M}+/gu;
const unseen = /\p{Default_Ignorable_Code_Point}/gu;
const dashes = /[‐-–−]/g;
const apostrophes = /[’ʼ＇]/g;
// A half of one character is normalized to one with this sign.
const fractionSlash = /\u2044/g;
// Devanagari's nasal letters before another consonant, for which a dot is written too.
const nasals = /[ङञणनम]\u094D(?=[क-ह])/g;
// Those above and below letters of alphabets. The vowel signs of Indic and other scripts are marks too, but letters to readers.
const accentRanges = [
  '\\u0300-\\u036F\\u1AB0-\\u1AFF\\u1DC0-\\u1DFF\\u20D0-\\u20FF\\uFE20-\\uFE2F',
  // Cyrillic, Hebrew, Arabic with the sign that stretches a word, and Devanagari's dot.
  '\\u0483-\\u0487\\u0591-\\u05C7\\u0610-\\u061A\\u0640\\u064B-\\u065F\\u0670\\u06D6-\\u06ED\\u093C',
];
const accents = new RegExp(`[${accentRanges.join('')}]`, 'g');
const letters: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', æ: 'ae', œ: 'oe', ħ: 'h', ŧ: 't', ŋ: 'n', ı: 'i' },
  ...{
    ĸ: 'k',
    ƒ: 'f',
    ə: 'e',
    ς: 'σ',
    ґ: 'г',
    ғ: 'г',
    қ: 'к',
    ң: 'н',
    ү: 'у',
    ұ: 'у',
    һ: 'х',
    ө: 'о',
    ә: 'а',
  },
  ...{ ٱ: 'ا', ى: 'ي', ة: 'ه', ی: 'ي', ې: 'ي', ک: 'ك', ہ: 'ه', ھ: 'ه', ە: 'ه', ے: 'ي', ۀ: 'ه' },
  ...{ 'ँ': 'ं', '\u05F3': "'", '\u05F4': '"' },
};
const special = new RegExp(`[${Object.keys(letters).join('')}]`, 'g');
const umlauts: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ø: 'oe', å: 'aa', ß: 'ss' };
const plain = /^[\x20-\x7E]*$/;
const zeros = [
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0,
];
const digits =
  /[\u0660-\u0669\u06F0-\u06F9\u07C0-\u07C9\u0966-\u0EFF\u0F20-\u0F29\u1040-\u1049\u17E0-\u17E9]/g;

/** A word as it is typed: small letters, one form for what looks alike, with its accents. Nothing unseen is left in it. */
export function exactForm(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  const seen = text.replace(unseen, '').replace(manyMarks, '$1');
  return seen
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFC')
    .replace(dashes, '-')
    .replace(apostrophes, "'")
    .replace(fractionSlash, '/');
}

/** An exact form without its accents, with plain letters for those that some keyboards lack. */
export function foldedForm(exact: string): string {
  if (plain.test(exact)) return exact;
  return exact
    .normalize('NFD')
    .replace(accents, '')
    .normalize('NFC')
    .replace(special, (sign) => letters[sign] ?? sign)
    .replace(nasals, 'ं')
    .replace(digits, digitOf);
}

/** An exact form as it is written without umlauts: `groesse`. Null where it has none. */
export function spelledOutForm(exact: string): string | null {
  if (!/[äöüøå]/.test(exact)) return null;
  return foldedForm(exact.replace(/[äöüøåß]/g, (sign) => umlauts[sign] ?? sign));
}

/** Kana in one of its two sets. */
export function foldedKana(text: string): string {
  return text.replace(/[\u30A1-\u30F6]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60));
}

function digitOf(sign: string): string {
  const code = sign.charCodeAt(0);
  const zero = [...zeros, 0xf20, 0x1040, 0x17e0].find((first) => code >= first && code < first + 10);
  return zero === undefined ? sign : String(code - zero);
}
