/** Small patterns of which long texts are made. */
const pieces = [
  ...['a', 'B', '7', ' ', '\n', '\n\n', '\t', '    ', 'word ', 'e', 'xq', 'The lease ends. '],
  ...[
    '.',
    '. ',
    '!)',
    ',',
    ':',
    ';',
    '~/',
    './',
    '_',
    'word_',
    '-',
    '@a1',
    'a@b.c,',
    '/',
    '\\',
    '&#1',
    '%41',
    '+1',
    '1e',
  ],
  ...[
    '# ',
    '- ',
    '1. ',
    '> ',
    '```',
    '```\n',
    '~~~',
    '|',
    '|-|-|\n',
    '---',
    '===',
    '<a ',
    '<!-- ',
    '-->',
    '***',
    'http://',
    'www.',
  ],
  ...['é', 'ѧ', 'ж', '語', '知', '각', 'あ', 'ש', 'ع', 'ก', 'न', '。', '」', 'ﬁ', 'ﷺ', '㎮', '½', '…', '“'],
  ...[
    '😀',
    '🇩🇪',
    '👨‍👩‍👧',
    '\u0301',
    '\u0316',
    '\u0344',
    '\u05b0',
    '\u093c',
    '\u00ad',
    '\u200b',
    '\u200d',
    '\u1112\u1161\u11ab',
    '\u{1d165}',
  ],
];

/** A shape: what is repeated, and how often some of its pieces. */
export type Shape = readonly string[];

/** Repeats a shape to a text of a length. */
export function textOf(shape: Shape, characters: number): string {
  const pattern = shape.join('');
  return pattern.repeat(Math.ceil(characters / pattern.length)).slice(0, characters);
}

export interface Search {
  /** What a shape costs; more is worse. */
  readonly cost: (shape: Shape) => Promise<number>;
  readonly random: () => number;
  readonly rounds: number;
  readonly keep: number;
}

/**
 * Searches for the shapes that cost most: every piece by itself, then changes of the worst found so far, which stay where they
 * cost more than the least of those kept.
 */
export async function searchWorst({ cost, random, rounds, keep }: Search): Promise<Shape[]> {
  const anyPiece = () => pieces[Math.floor(random() * pieces.length)] ?? ' ';
  const found = new Map<string, { readonly shape: Shape; readonly cost: number }>();
  const worst = () => {
    const kept = new Map<string, Shape>();
    for (const { shape } of [...found.values()].sort((a, b) => b.cost - a.cost)) {
      // Of the same characters only the worst is kept: others differ in how often something stands there.
      const characters = [...new Set(shape.join(''))].sort().join('');
      if (!kept.has(characters)) kept.set(characters, shape);
      if (kept.size === keep) break;
    }
    return [...kept.values()];
  };
  const tryOne = async (shape: Shape) => {
    const key = shape.join('');
    if (key.length > 0 && !found.has(key)) found.set(key, { shape, cost: await cost(shape) });
  };
  for (const piece of pieces) await tryOne([piece]);
  for (let round = 0; round < rounds; round += 1) {
    const best = worst();
    await tryOne(changed(best[Math.floor(random() * best.length)] ?? [' '], anyPiece, random));
  }
  return worst();
}

/** A shape with a piece more, less or another, or with a piece many times. */
function changed(shape: Shape, anyPiece: () => string, random: () => number): Shape {
  const at = Math.floor(random() * shape.length);
  const piece = shape[at] ?? ' ';
  switch (Math.floor(random() * 4)) {
    case 0:
      return [...shape.slice(0, at), anyPiece(), ...shape.slice(at)].slice(-12);
    case 1:
      return shape.length > 1 ? shape.toSpliced(at, 1) : [anyPiece()];
    case 2:
      return shape.with(at, anyPiece());
    default:
      return shape.with(at, piece.repeat(2 + Math.floor(random() * 14)).slice(0, 200));
  }
}
