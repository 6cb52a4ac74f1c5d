import type { ArticleSource } from '../../../src/domain/article-text.ts';
import type { Sample } from '../../../src/stack/samples/index.ts';
import type { Kind } from './proposal.ts';

/** What people do to an article that they have before they hand it in once more. */
export const edits: Readonly<Partial<Record<Kind, (sample: Sample) => ArticleSource>>> = {
  'other type': ({ title, body }) => ({ title: otherType(title), body: otherType(body) }),
  typos: ({ title, body }) => ({ title, body: misspelt(body) }),
  'lower case': ({ title, body }) => ({ title: title.toLowerCase(), body: body.toLowerCase() }),
  'other title': ({ tags, body }) => ({ title: `Notes on ${tags.join(', ')}`, body }),
  'sentence removed': ({ title, body }) => ({ title, body: withoutSentence(body) }),
  'paragraphs moved': ({ title, body }) => ({ title, body: turnedBy(paragraphs(body), 2).join('\n\n') }),
  'first half': ({ title, body }) => ({ title, body: firstHalf(body) }),
  'sentence added': ({ title, body }) => ({ title, body: withSentence(body) }),
};

/** The sample with another text as its last section. */
export const withSection = (sample: Sample, section: ArticleSource): ArticleSource => ({
  title: sample.title,
  body: `${sample.body}\n\n${section.body.startsWith('## ') ? '' : `## ${section.title}\n\n`}${section.body}`,
});

/** Both samples in one article. */
export const joined = (one: Sample, other: Sample): ArticleSource => ({
  title: `${one.title}; ${other.title}`,
  body: `${one.body}\n\n## ${other.title}\n\n${other.body}`,
});

/** A few words changed, and the advice is another: sample, what stands there, what is put in its place. */
const turns: readonly (readonly [slug: string, from: string, to: string])[] = [
  [
    '14-connection-pool-size',
    '**two times the cores, plus a few for disk waits**',
    '**ten times the cores**',
  ],
  ['15-column-order-in-composite-indexes', '**Equality first.**', '**Ranges first, equality last.**'],
  ['23-storing-passwords', '64 MiB of memory, three passes', '16 MiB of memory, one pass'],
  [
    '27-cursor-pagination',
    'Give no total. If people insist, give an estimate',
    'Give an exact total. Do not give an estimate',
  ],
  [
    '30-idle-connections-behind-a-load-balancer',
    'must be the first to give up',
    'must be the last to give up',
  ],
  ['36-choosing-a-chunk-size', 'Overlap no longer helps', 'Overlap still helps'],
  ['19-canary-releases', 'Compare new with new.', 'Compare new with old.'],
  [
    '33-how-should-we-store-money',
    'Leaning towards integers for totals',
    'Leaning towards strings for totals',
  ],
];

/** Those of these samples whose advice is turned, each with its new text. Fails if one no longer holds the words. */
export function turnedClaims(samples: readonly Sample[]): { sample: Sample; article: ArticleSource }[] {
  return turns.flatMap(([slug, from, to]) => {
    const sample = samples.find((each) => each.slug === slug);
    if (sample === undefined) return [];
    if (!sample.body.includes(from)) throw new Error(`sample ${slug} does not say "${from}"`);
    return [{ sample, article: { title: sample.title, body: sample.body.replace(from, to) } }];
  });
}

const paragraphs = (body: string) => body.split(/\n{2,}/);

const otherType = (text: string) =>
  text
    .replace(/^- /gm, '* ')
    .replace(/\*\*(.+?)\*\*/g, '__$1__')
    .replace(/"([^"\n]*)"/g, '“$1”')
    .replace(/'/g, '’')
    .replace(/([.:;]) (?=\S)/g, '$1  ')
    .replace(/\n\n/g, '\n\n\n');

/** Two letters of each twentieth long word have changed places. */
function misspelt(text: string): string {
  let seen = 0;
  return text.replace(/\p{L}{6,}/gu, (word) =>
    seen++ % 20 === 7 ? `${word.slice(0, 2)}${word[3]}${word[2]}${word.slice(4)}` : word,
  );
}

const turnedBy = (items: readonly string[], by: number) => [...items.slice(by), ...items.slice(0, by)];

const firstHalf = (body: string) => {
  const all = paragraphs(body);
  return all.slice(0, Math.ceil(all.length / 2)).join('\n\n');
};

/** Without the second sentence of the longest paragraph. */
function withoutSentence(body: string): string {
  const longest = longestParagraph(body);
  const sentences = longest.match(/[^.!?]+[.!?]+["”»)*]*\s*/g) ?? [longest];
  return body.replace(longest, () => longest.replace(sentences[1] ?? '', '').trimEnd());
}

const withSentence = (body: string) =>
  body.replace(longestParagraph(body), (longest) => `${longest} ${addedSentence}`);

const addedSentence =
  'Since the spring the platform group in Utrecht looks after this, and Amara signs off each change.';

const longestParagraph = (body: string) =>
  paragraphs(body).reduce((longest, each) => (each.length > longest.length ? each : longest));
