import fc from 'fast-check';

const words = `getUserById C++ C# .net v1.9 1,000 1 4, ops@example.com /etc/hosts don't e-mail a HTTPServer2 or idemp* 日本語 テスト ﾊﾞｸﾞ
  测试 번역을 ค้นหา ឯកសារ كِتَابٌ שָׁלוֹם हिन्दी ёлка Größe ﬁsh x² ﷺ 👍 𠮷 ــ ۥۥ`;
const signs = `" ' '' \\ \\' \\\\ | & ! ( ) : :* :A * <-> <2> - -- “ „ « # \`\`\` ~ / . , + % _ $1 ? { } ;-- /*`;
const unseen = '\u200B \u00AD \u0301 \uFE0F \u202E \uD800 \uDC00 \0 \u3164 \u1161 \u3099 각';

const pieces = [words, signs, unseen.normalize('NFD')].flatMap((some) => some.split(/[ \n]+/));

/** Any text: of words and signs of many scripts that mean something to the analyzer or to Postgres, or of anything. */
export const oddText = fc.oneof(
  fc.array(fc.constantFrom(...pieces, ' ', ' ', '\n'), { maxLength: 30 }).map((some) => some.join('')),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
);
