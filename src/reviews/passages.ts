import { type Finding, maxDrafts, type NewReview } from './review.ts';

/** The characters of a passage, as many as those of a document's part: the model reads a few findings at a time with care. */
const passageCharacters = 12_000;

/** A passage is made so much longer where a review would have more of them than it may have drafts. */
const growth = 1.25;

/**
 * Divides a review into passages of Markdown for the model, between its findings. A review has at most as many passages as it may
 * have drafts, so that no finding is read only after the last draft is made.
 */
export function dividePassages(review: NewReview): readonly string[] {
  const blocks = [`# Summary\n\n${review.summary.trim()}`, ...review.findings.map(findingMarkdown)];
  let longest = passageCharacters;
  for (;;) {
    const passages = pack(blocks, longest);
    if (passages.length <= maxDrafts) return passages.map((of) => of.join('\n\n'));
    longest *= growth;
  }
}

/**
 * Divides a passage whose answer was too long into two: before the finding nearest to its middle, else between paragraphs, lines or
 * words. Nothing of it is lost but white space.
 */
export function halvePassage(passage: string): readonly [string, string] {
  const middle = Math.floor(passage.length / 2);
  for (const mark of ['\n\n## ', '\n\n', '\n', ' ']) {
    const cut = nearestTo(passage, mark, middle);
    if (cut !== undefined) return [passage.slice(0, cut).trim(), passage.slice(cut).trim()];
  }
  // Not between the two units of one character.
  const isInside = (passage.charCodeAt(middle) & 0xfc00) === 0xdc00;
  const cut = isInside ? middle + 1 : middle;
  return [passage.slice(0, cut), passage.slice(cut)];
}

function findingMarkdown({ title, body, severity, resolution }: Finding): string {
  const blocks = [
    `## ${title.trim().replace(/\s+/g, ' ')}`,
    severity === undefined ? '' : `Severity: ${severity.trim()}`,
    body.trim(),
    resolution === undefined ? '' : `Resolution:\n\n${resolution.trim()}`,
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

/** Fills one passage after the other. A block that is longer than a passage is one of its own. */
function pack(blocks: readonly string[], longest: number): (readonly string[])[] {
  const passages: string[][] = [];
  let characters = 0;
  for (const block of blocks) {
    const last = passages.at(-1);
    if (last !== undefined && characters + block.length <= longest) {
      last.push(block);
      characters += block.length;
    } else {
      passages.push([block]);
      characters = block.length;
    }
  }
  return passages;
}

/** Where the mark stands that is nearest to the middle, if that leaves a quarter of the text on each side. */
function nearestTo(text: string, mark: string, middle: number): number | undefined {
  const places = [text.lastIndexOf(mark, middle), text.indexOf(mark, middle)];
  return places
    .filter((at) => at > middle / 2 && at < text.length - middle / 2)
    .toSorted((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0];
}
