import { type ArticleSource, canonical } from '../article-text.ts';
import { foldSentence } from './fold-sentence.ts';
import { withoutEmphasis } from './inline-markup.ts';
import { type Block, markdownBlocks } from './markdown-blocks.ts';
import { splitSentences } from './split-sentences.ts';

/**
 * What statements stand under: the title, a heading, a line that ends with a colon, the item above a nested one, the header of a table.
 * "Use Y" under "Do" says another thing than under "Do not".
 */
export interface Heading {
  readonly text: string;
  readonly folded: string;
  readonly above: Heading | undefined;
  /** Its place among the headings of the text, from 1; 0 for all that is no heading. */
  readonly order: number;
}

/** A sentence of an article, or what counts as one: a heading, a row of a table, a piece of code. */
export interface Statement {
  /** As it is written, without emphasis. */
  readonly text: string;
  /** The form in which it is compared. */
  readonly folded: string;
  /** What it stands under; undefined for headings and the title, which stand for themselves. */
  readonly under: Heading | undefined;
}

/** The statements of an article, in order, its title first, and the title as what the others stand under. */
export interface Statements {
  readonly title: Heading;
  readonly all: readonly Statement[];
}

/** Beyond so many blocks the rest of a text is one statement: it is compared as it stands. No prose of an article has as many. */
const maxBlocks = 30_000;
/** Items that are nested deeper stand under the last of these. */
const maxNesting = 4;

/** Reads the statements of an article. */
export function statementsOf({ title, body }: ArticleSource): Statements {
  const root = headingOf(title, undefined, 0);
  const all: Statement[] = [{ text: root.text, folded: root.folded, under: undefined }];
  const headings: { readonly level: number; readonly node: Heading }[] = [];
  let items: { readonly indent: number; readonly node: Heading }[] = [];
  /** The sentence before, if it ends with a colon: then it belongs to what follows. To a list it belongs in any case. */
  let leadIn: Heading | undefined;
  let beforeList: Heading | undefined;
  let order = 0;

  const heading = () => headings.at(-1)?.node ?? root;
  const itemAbove = (indent: number) => items.findLast((item) => item.indent < indent)?.node;
  const add = (texts: readonly Sentence[], under: Heading) => {
    for (const { text, folded } of texts) all.push({ text, folded, under });
  };

  const read = (block: Block) => {
    switch (block.kind) {
      case 'heading': {
        while ((headings.at(-1)?.level ?? 0) >= block.level) headings.pop();
        order += 1;
        const node = headingOf(asQuoted(block.text, block.quoted), heading(), order);
        all.push({ text: node.text, folded: node.folded, under: undefined });
        headings.push({ level: block.level, node });
        items = [];
        leadIn = undefined;
        beforeList = undefined;
        return;
      }
      case 'paragraph': {
        const item = itemAbove(block.indent);
        if (item === undefined && items.length > 0) {
          items = [];
          leadIn = undefined;
        }
        const under = item ?? leadIn ?? heading();
        const sentences = sentencesOf(block.text, block.quoted);
        add(sentences, under);
        const last = sentences.at(-1);
        const node = last === undefined ? undefined : { ...last, above: under, order: 0 };
        // What is below an item is not before its list: the next item stands where this one does.
        if (item === undefined) beforeList = node;
        leadIn = last !== undefined && /[:：]$/u.test(last.text) ? node : undefined;
        return;
      }
      case 'item': {
        items = items.filter(({ indent }) => indent < block.indent).slice(0, maxNesting);
        const under = items.at(-1)?.node ?? beforeList ?? heading();
        const text = block.marker === '' ? block.text : `${block.marker} ${block.text}`;
        const sentences = sentencesOf(text, block.quoted);
        add(sentences, under);
        const [first] = sentences;
        if (first !== undefined)
          items.push({ indent: block.indent, node: { ...first, above: under, order: 0 } });
        return;
      }
      case 'code': {
        const under = itemAbove(block.indent) ?? leadIn ?? heading();
        if (block.text !== '')
          all.push({ text: block.text, folded: asQuoted(block.text, block.quoted), under });
        leadIn = undefined;
        beforeList = undefined;
        return;
      }
      case 'table': {
        const under = leadIn ?? heading();
        const [header, ...rows] = block.rows.map((row) => rowOf(row, block.quoted));
        if (header === undefined) return;
        add([header], under);
        add(rows, { ...header, above: under, order: 0 });
        leadIn = undefined;
        beforeList = undefined;
        return;
      }
      default:
        block satisfies never;
    }
  };

  const blocks = markdownBlocks(canonical(body));
  for (const block of blocks.slice(0, maxBlocks)) read(block);
  const rest = blocks.slice(maxBlocks);
  if (rest.length > 0) all.push({ text: '…', folded: JSON.stringify(rest), under: heading() });
  return { title: root, all };
}

type Sentence = Pick<Statement, 'text' | 'folded'>;

const asQuoted = (text: string, quoted: boolean) => (quoted ? `> ${text}` : text);

function headingOf(text: string, above: Heading | undefined, order: number): Heading {
  return { ...sentenceOf(canonical(text)), above, order };
}

/** A text as one sentence. */
function sentenceOf(text: string): Sentence {
  const plain = withoutEmphasis(text);
  return { text: plain.restore(plain.text).trim(), folded: plain.restore(foldSentence(plain.text)) };
}

function sentencesOf(text: string, quoted: boolean): Sentence[] {
  const plain = withoutEmphasis(text);
  return splitSentences(plain.text).map((sentence) => ({
    text: plain.restore(sentence),
    folded: asQuoted(plain.restore(foldSentence(sentence)), quoted),
  }));
}

/** A row with more cells is compared as it stands: no table that a person reads has as many. */
const maxCells = 200;

/** A row of a table, cell by cell. */
function rowOf(row: string, quoted: boolean): Sentence {
  const written = row.replace(/^\||(?<!\\)\|$/gu, '').split(/(?<!\\)\|/u);
  if (written.length > maxCells) return { text: row, folded: row };
  const cells = written.map((cell) => sentenceOf(cell.trim()));
  return {
    text: cells.map(({ text }) => text).join(' | '),
    folded: asQuoted(cells.map(({ folded }) => folded).join(' | '), quoted),
  };
}
