/**
 * Words with a full stop of their own, folded, in the languages that write many. A sentence that is cut behind one would be two
 * pieces that another text may hold in two places.
 */
const abbreviations = new Set(
  (
    'approx al art bzw ca cap cf cit co corp dept dr ed eds eg env etc ex fig figs gen ggf hr inc incl ie inkl jr ltd max min ' +
    'mio mme mr mrs ms mt nr no nos num op pág págs pp prof resp sect sr sra srta st tab tel usw vgl vol vs zb zzt ' +
    'abs avda aprox bspw ebd evtl ff fr geb gem ggfs gl hg kap lt mind núm sek std tlw ua uvm zzgl ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec др гг им напр обл пр рис руб св см стр тыс ул млн млрд'
  ).split(' '),
);

/** The longest word, with the stops in it, that is looked up as an abbreviation. */
const maxAbbreviation = 12;

/**
 * Where a sentence may end: behind a run of stops and the brackets and quotes that close with it, before blank space; behind the wide
 * stops at once, because no blank follows them. A run is entered at its first stop only, so that long runs are read once.
 */
const stops =
  /(?<![.!?؟।॥։።។။])[.!?؟।॥։።។။]+["'”’)\]»]{0,4}(?=\s|$)|(?<![。！？])[。！？]+["'”’」』）]{0,4}/gu;

/**
 * Splits a paragraph into sentences. The rule does not look at case, so that a text in other letters is split alike, and it rather
 * leaves two sentences together than tears one: pieces of one sentence may stand in two places that say another thing.
 *
 * A very short sentence stays with the one before it, and so does what follows a question: "No." is no knowledge by itself.
 */
export function splitSentences(paragraph: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  for (const { 0: stop, index } of paragraph.matchAll(stops)) {
    const end = index + stop.length;
    if (!endsSentence(paragraph, index, stop, end)) continue;
    pieces.push(paragraph.slice(from, end));
    from = end;
  }
  pieces.push(paragraph.slice(from));

  const sentences: { text: string; isShort: boolean; asks: boolean }[] = [];
  for (const piece of pieces) {
    const text = piece.trim();
    if (text === '') continue;
    const own = { text, isShort: isShort(text), asks: /[?？؟]["'”’)\]»」』）]{0,4}$/u.test(text) };
    const before = sentences.at(-1);
    if (before !== undefined && (own.isShort || before.isShort || before.asks)) {
      before.text += ` ${text}`;
      before.isShort = false;
      before.asks = own.asks;
    } else sentences.push(own);
  }
  return sentences.map(({ text }) => text);
}

function endsSentence(text: string, index: number, stop: string, end: number): boolean {
  // Behind several dots the sentence may go on.
  if (stop.startsWith('..')) return false;
  if (!stop.startsWith('.')) return true;
  // "No. 5", "ca. 5": a number seldom begins a sentence.
  const next = /^\s+(\S)/u.exec(text.slice(end, end + 8))?.[1];
  if (next !== undefined && /\p{N}/u.test(next)) return false;
  const read = text.slice(Math.max(0, index - maxAbbreviation), index);
  // The unit of a number, as in 900 ms.
  if (/\p{N}\s?\p{L}{1,3}$/u.test(read)) return true;
  const word = /[\p{L}\p{M}.]+$/u.exec(read)?.[0];
  if (word === undefined) return true;
  const letters = word.toLowerCase().replaceAll('.', '');
  // "e.g.", "z. B.", but not "package.json."
  const isInitials = word.split('.').every(({ length }) => length <= 2);
  return !(letters.length === 1 || (word.includes('.') && isInitials) || abbreviations.has(letters));
}

const wide =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/gu;

/** The most that is read to see whether a sentence is short. */
const shortCharacters = 60;

/** At most two words; in scripts without blanks, at most four letters. */
function isShort(text: string): boolean {
  if (text.length > shortCharacters) return false;
  const letters = text.match(wide)?.length ?? 0;
  if (letters > 0 && !/\p{sc=Hangul}/u.test(text)) return letters <= 4;
  return text.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word)).length <= 2;
}
