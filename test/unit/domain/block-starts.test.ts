import { describe, expect, it } from 'vitest';
import { type BlockStart, visitBlockStarts } from '../../../src/domain/chunking/block-starts.ts';

describe('the starts of Markdown blocks', () => {
  it.each([
    ['paragraphs', 'One\ntwo\n\nThree', ['block One', 'block Three']],
    [
      'headings',
      '# A\ntext\n###### B\n####### no',
      ['h1 # A', 'block text', 'h6 ###### B', 'block ####### no'],
    ],
    ['no heading without a blank', '#tag', ['block #tag']],
    ['underlined headings', 'A\nb\n===\n\nC\n---\nd', ['block A', 'h1 A', 'block C', 'h2 C', 'block d']],
    ['breaks', 'a\n***\n_ _ _\n---', ['block a', 'block ***', 'block _ _ _', 'block ---']],
    [
      'fenced code',
      '```ts\n# no\n\n~~~\n``` no\n```\ntext',
      ['block ```ts', 'code # no', 'code ', 'code ~~~', 'code ``` no', 'code ```', 'block text'],
    ],
    ['code within a line', '```no``` fence\n\n# A', ['block ```no``` fence', 'h1 # A']],
    ['a longer fence', '~~~~\n~~~\n~~~~~\n# A', ['block ~~~~', 'code ~~~', 'code ~~~~~', 'h1 # A']],
    [
      'indented code',
      'a\n    goes on\n\n    code\n\n    more\nend',
      ['block a', 'block     code', 'code     more', 'block end'],
    ],
    ['a list', '- a\n  b\n- c\n\n  d\n\nend', ['block - a', 'inner - c', 'inner   d', 'block end']],
    [
      'a list of numbers',
      '1. a\n2) b\n1990. c\n1234567890. d',
      ['block 1. a', 'inner 2) b', 'inner 1990. c'],
    ],
    [
      'a list within a list',
      '- a\n    - b\n\n      c\n# A',
      ['block - a', 'inner     - b', 'inner       c', 'h1 # A'],
    ],
    ['code in a list', '- ```\n  # no\n  ```\n# A', ['block - ```', 'code   # no', 'code   ```', 'h1 # A']],
    ['quotes', '> a\n> b\n> - c\n\n> # d', ['block > a', 'inner > - c', 'block > # d']],
    [
      'a table',
      '| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 | 4 |\n\nend',
      ['block | a | b |', 'delimiter |---|:-:|', 'code | 1 | 2 |', 'code | 3 | 4 |', 'block end'],
    ],
    ['HTML', '<div>\n<p>a\n</div>\n\n<3', ['block <div>', 'code <p>a', 'code </div>', 'block <3']],
    ['tabs', '\tcode\n\n-\ta\n\n\tb', ['block \tcode', 'block -\ta', 'inner \tb']],
    ['nothing', '\n \n\t\n', []],
  ])('are found: %s', (_what, markdown, expected) => {
    expect(startsOf(markdown)).toEqual(expected);
  });
});

function startsOf(markdown: string): string[] {
  const starts: string[] = [];
  visitBlockStarts(markdown, 0, (start, block) => {
    const end = markdown.indexOf('\n', start);
    starts.push(`${nameOf(block)} ${markdown.slice(start, end === -1 ? markdown.length : end)}`);
  });
  return starts;
}

function nameOf(block: BlockStart): string {
  switch (block.kind) {
    case 'heading':
      return `h${block.level}`;
    case 'codeLine':
      return 'code';
    case 'block':
    case 'delimiter':
    case 'inner':
      return block.kind;
    default:
      return block satisfies never;
  }
}
