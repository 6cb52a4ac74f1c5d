import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareWords } from '../../../../src/domain/sentences/compare-words.ts';
import { statementsOf } from '../../../../src/domain/sentences/statements.ts';

const title = 'A title';
const compare = (existing: string, proposal: string) =>
  compareWords({ proposal: { title, body: proposal }, articles: [{ title, body: existing }] });

describe('an article says a proposal', () => {
  it.each([
    ['in other case', 'The pool holds ten connections.', 'THE POOL HOLDS TEN CONNECTIONS.'],
    ['in capitals, the title of a section', '# How to deploy\n\nDo it.', '# HOW TO DEPLOY\n\nDO IT.'],
    [
      'in capitals, with a code word',
      'Take a UTF-8 text of 3 to 5 lines.',
      'TAKE A UTF-8 TEXT OF 3 TO 5 LINES.',
    ],
    ['in lower case, with names', 'GitHub (and PostgreSQL) on macOS.', 'github (and postgresql) on macos.'],
    [
      'in lower case, over several sentences',
      'The pool is full. Wait for it. Then go on.',
      'the pool is full. wait for it. then go on.',
    ],
    [
      'with other blank space',
      'The pool is full.  Wait\nfor it now.',
      '\n\n The pool is full.\n\nWait for\u00a0it now.\t',
    ],
    [
      'with other emphasis',
      'Use **at most** two of *them*, ***always***.',
      'Use __at most__ two of _them_, always.',
    ],
    ['with code marked or not', 'Call `retry` twice a day.', 'Call retry twice a day.'],
    ['with other quotes and dashes', 'It says "yes" - it doesn\'t wait.', 'It says “yes” – it doesn’t wait.'],
    ['with other marks at the end', 'The pool is full.', 'The pool is full!'],
    [
      'with items in another order, one of which has a paragraph',
      '- Two of these here.\n\n- One of these here.\n\n  More of it here.',
      '- One of these here.\n\n  More of it here.\n\n- Two of these here.',
    ],
    ['with another bullet', '- one of these\n- two of these', '* one of these\n* two of these'],
    [
      'with a heading of another level',
      '## How to do it\n\nDo this now.',
      '#### How to do it\n\nDo this now.',
    ],
    [
      'with an underlined heading',
      '# How to do it\n\nDo this now.',
      'How to do it\n============\n\nDo this now.',
    ],
    [
      'with a table of another width',
      '| name | wait |\n|---|---|\n| pool | 5 s |',
      'name|wait\n:-|-:\npool   |   5 s',
    ],
    [
      'less a sentence',
      'The first thing is this. The second thing is that. The third is neither.',
      'The first thing is this. The third is neither.',
    ],
    [
      'less a paragraph, a list item, a row',
      'One thing is this.\n\nMany are:\n\n- item a\n- item b\n\n|k|v|\n|-|-|\n|a|1|\n|b|2|',
      'Many are:\n\n- item b\n\n|k|v|\n|-|-|\n|b|2|',
    ],
    [
      'with its sentences in another order',
      'The first thing is this. The second thing is that.',
      'The second thing is that. The first thing is this.',
    ],
    [
      'with a sentence repeated',
      'The first thing is this.',
      'The first thing is this. The first thing is this.',
    ],
    [
      'as one section of it',
      'Before it.\n\n## Waits\n\nThe pool waits 5 s.\n\n## Others\n\nThe rest waits 7 s.',
      '## Others\n\nThe rest waits 7 s.',
    ],
    ['in decomposed letters', 'Ein schöner Fall.', 'Ein scho\u0308ner Fall.'],
    ['in Chinese', '连接池最多十个连接。它会等待五秒。', '连接池最多十个连接。\n\n它会等待五秒。'],
  ])('%s', (_, existing, proposal) => {
    expect(compare(existing, proposal)).toEqual({ kind: 'said', by: 0 });
  });
});

describe('an article does not say a proposal with', () => {
  it.each([
    ['another digit', 'The pool waits 5 seconds.', 'The pool waits 6 seconds.'],
    ['a digit within a number', 'The port is 5432 here.', 'The port is 5433 here.'],
    ['another separator in a number', 'It costs 1.5 each time.', 'It costs 15 each time.'],
    ['a decimal comma', 'It costs 1,5 each time.', 'It costs 1.5 each time.'],
    ['a sign', 'It is -5 degrees outside.', 'It is 5 degrees outside.'],
    ['a minus sign', 'It is −5 degrees outside.', 'It is 5 degrees outside.'],
    ['another unit', 'The pool waits 5 ms for it.', 'The pool waits 5 s for it.'],
    ['a unit in another case', 'The station gives 5 MW of it.', 'The station gives 5 mW of it.'],
    ['a percent sign', 'Give it 5 of the load.', 'Give it 5% of the load.'],
    ['another currency', 'It costs €5 a month.', 'It costs $5 a month.'],
    ['a superscript', 'The area is x² of that.', 'The area is x2 of that.'],
    ['another version', 'Use version 1.10 of it.', 'Use version 1.1 of it.'],
    ['another name', 'Amara signs off each change.', 'Bruno signs off each change.'],
    [
      'two names in another order',
      'Kafka replaces Rabbit in the plan.',
      'Rabbit replaces Kafka in the plan.',
    ],
    ['an English not', 'Retries are safe here.', 'Retries are not safe here.'],
    ["an English n't", 'It does wait for it.', "It doesn't wait for it."],
    ['a German nicht', 'Das ist hier erlaubt worden.', 'Das ist hier nicht erlaubt worden.'],
    ['a German kein', 'Es gibt ein Limit dafür.', 'Es gibt kein Limit dafür.'],
    ['a German comma', 'Er will, sie nicht heute.', 'Er will sie nicht heute.'],
    ['a Spanish no', 'El índice se usa siempre.', 'El índice no se usa siempre.'],
    ['a French ne … pas', 'On utilise ce cache ici.', "On n'utilise pas ce cache ici."],
    ['a Chinese 不', '连接池会等待五秒。', '连接池不会等待五秒。'],
    ['a Chinese number', '连接池最多十个连接。', '连接池最多九个连接。'],
    ['a Japanese ない', '接続プールは待つ。', '接続プールは待たない。'],
    ['an Arabic لا', 'هذا مسموح به هنا دائما.', 'هذا لا مسموح به هنا دائما.'],
    ['a Russian не', 'Повторы здесь безопасны всегда.', 'Повторы здесь не безопасны всегда.'],
    ['a Russian comma elsewhere', 'Казнить нельзя, помиловать его.', 'Казнить, нельзя помиловать его.'],
    ['a question', 'It is safe to retry this.', 'Is it safe to retry this?'],
    ['a question mark', 'It is safe to retry this.', 'It is safe to retry this?'],
    [
      'the answers of two questions exchanged',
      'Is A safe to use? No. Is B safe to use? Yes.',
      'Is A safe to use? Yes. Is B safe to use? No.',
    ],
    ['C++ for C', 'Write this part in C alone.', 'Write this part in C++ alone.'],
    ['C# for C', 'Write this part in C alone.', 'Write this part in C# alone.'],
    ['C# for C in a heading', '# Parts in C', '# Parts in C#'],
    ['another operator', 'Stop if a < b at once.', 'Stop if a > b at once.'],
    ['another comparison', 'Stop if a != b at once.', 'Stop if a = b at once.'],
    ['a name of code in another case', 'Call getUserById for this.', 'Call getUserByID for this.'],
    ['code in another case', 'Call `grep -v x` for this.', 'Call `grep -V x` for this.'],
    ['an option in another case', 'The options -V and -x are given.', 'The options -v and -x are given.'],
    ['an option in another case, first', '-V prints what it does.', '-v prints what it does.'],
    ['options in another case', 'Run java -Xmx here.', 'Run java -xmx here.'],
    ['a folder in another case', 'It is in /Users there.', 'It is in /users there.'],
    ['a variable in another case', 'It is in $Home there.', 'It is in $home there.'],
    ['a single letter in another case', 'The value c is there.', 'The value C is there.'],
    ['a name between underscores', 'Write it in __init__ first.', 'Write it in init first.'],
    ['a glob of another depth', 'Lint src/**/x and lib/**/y now.', 'Lint src/*/x and lib/*/y now.'],
    ['a product', 'It takes 2*3*4 bytes now.', 'It takes 234 bytes now.'],
    [
      'another link target',
      'See [the page](https://a.example/x) for it.',
      'See [the page](https://a.example/y) for it.',
    ],
    ['a link target in another case', 'See https://a.example/Ab for it.', 'See https://a.example/ab for it.'],
    ['another image', '![The plan](plan-1.png)', '![The plan](plan-2.png)'],
    ['a checked box', '- [ ] the key is rotated', '- [x] the key is rotated'],
    ['words struck out', 'Use the ~~old~~ pool here.', 'Use the old pool here.'],
    ['a quotation', '> Use the old pool here.', 'Use the old pool here.'],
    ['another list item', '- apples of it\n- pears of it', '- apples of it\n- plums of it'],
    ['two steps exchanged', '1. stop the server\n2. copy the data', '1. copy the data\n2. stop the server'],
    ['another code line', '```sh\nrm -r a\nls\n```', '```sh\nrm -r b\nls\n```'],
    ['code lines exchanged', '```\nstop x\ncopy y\n```', '```\ncopy y\nstop x\n```'],
    ['another indent of code', '```\nif a:\n  b\n  c\n```', '```\nif a:\n  b\nc\n```'],
    ['another table cell', '|k|v|\n|-|-|\n|a|1|\n|b|2|', '|k|v|\n|-|-|\n|a|1|\n|b|3|'],
    ['a cell in another column', '|k|min|max|\n|-|-|-|\n|a|1||', '|k|min|max|\n|-|-|-|\n|a||1|'],
    ['another table header', '|k|min|\n|-|-|\n|a|1|', '|k|max|\n|-|-|\n|a|1|'],
    [
      'sentences under each other’s headings',
      '## Do it\n\nUse X here.\n\n## Avoid it\n\nUse Y here.',
      '## Do it\n\nUse Y here.\n\n## Avoid it\n\nUse X here.',
    ],
    [
      'a heading less, between two sentences',
      '## Do it\n\nUse X here.\n\n## Avoid it\n\nUse Y here.',
      '## Do it\n\nUse X here.\n\nUse Y here.',
    ],
    [
      'items under each other’s lines',
      'Allowed:\n- x y z\n\nForbidden:\n- u v w',
      'Allowed:\n- u v w\n\nForbidden:\n- x y z',
    ],
    [
      'items under each other’s items',
      '- Postgres\n  - 5 s wait\n- Redis\n  - 1 s wait',
      '- Postgres\n  - 1 s wait\n- Redis\n  - 5 s wait',
    ],
    [
      'sections of one name under each other’s headings',
      '# Linux\n## Setup\nUse apt here.\n# macOS\n## Setup\nUse brew here.',
      '# Linux\n## Setup\nUse brew here.\n# macOS\n## Setup\nUse apt here.',
    ],
    [
      'the halves of one sentence, which stand in two',
      'Wait approx. 7 s for it. Retry after approx. 5 s then.',
      'Wait approx. 5 s then.',
    ],
    [
      'a section under another heading',
      '# Linux\n## Setup\nUse apt here.\n# macOS\nIt is not built yet.',
      '# Linux\n# macOS\n## Setup\nUse apt here.',
    ],
    [
      'items under another sentence',
      'Never do these.\n- x y z\n\nAlways do those.\n- u v w',
      'Always do those.\n- x y z',
    ],
    ['a unit in brackets in another case', 'The station gives it (5 MW).', 'The station gives it (5 mW).'],
    ['bits for bytes', 'The size is in MB there.', 'The size is in Mb there.'],
    ['another path of dots', 'Then run cd ..', 'Then run cd .'],
    ['a factorial', 'The result of it is n!', 'The result of it is n'],
    ['a change turned round', '+ use the pool\n- use the cache', '- use the pool\n+ use the cache'],
    ['a minus that looks like a bullet', '- 5 degrees outside', '5 degrees outside'],
    ['another sentence', 'The first thing is this.', 'The first thing is this. The second is new.'],
  ])('%s', (_, existing, proposal) => {
    const compared = compare(existing, proposal);
    expect(compared.kind).toBe('unsaid');
  });

  it('another title, whose text is there', () => {
    const article = { title: 'Waits', body: '## Postgres\n\nIt waits 6 s.\n\n## Redis\n\nIt waits 5 s.' };
    const under = (name: string) =>
      compareWords({ proposal: { title: name, body: 'It waits 5 s.' }, articles: [article] }).kind;
    expect([under('Redis'), under('Waits')]).toEqual(['said', 'said']);
    expect([under('Postgres'), under('MySQL')]).toEqual(['unsaid', 'unsaid']);
  });
});

describe('what differs', () => {
  it.each([
    [
      'a number',
      'Before it all. The pool waits 5 seconds.',
      'The pool waits 6 seconds.',
      'The pool waits 5 seconds.',
    ],
    ['a not', 'Retries are safe here.', 'Retries are not safe here.', 'Retries are safe here.'],
    [
      'a name',
      'Amara signs off each change.',
      'Bruno signs off each change.',
      'Amara signs off each change.',
    ],
    ['a Chinese 不', '连接池会等待五秒。', '连接池不会等待五秒。', '连接池会等待五秒。'],
    ['an order', 'Kafka replaces Rabbit soon.', 'Rabbit replaces Kafka soon.', 'Kafka replaces Rabbit soon.'],
    ['a row', '|k|v|\n|-|-|\n|pool size|1|', '|k|v|\n|-|-|\n|pool size|2|', 'pool size | 1'],
  ])('is shown for %s', (_, existing, proposal, passage) => {
    const compared = compare(existing, proposal);
    expect(compared).toMatchObject({ kind: 'unsaid', nearest: 0, differs: [{ existing: passage }] });
  });

  it('names the heading where the words are the same', () => {
    const compared = compare(
      '## Do it\n\nUse X here.\n\n## Avoid it\n\nStop.',
      '## Do it\n\n## Avoid it\n\nUse X here.',
    );
    expect(compared).toMatchObject({
      differs: [{ proposal: 'Avoid it › Use X here.', existing: 'Do it › Use X here.' }],
    });
  });

  it('is at most ten pairs of at most 200 characters, each with the first difference in it', () => {
    const lines = (wait: number) =>
      Array.from({ length: 30 }, (_, at) => `${`Word${at} `.repeat(60)} waits ${wait} s at ${at}.`).join(
        '\n\n',
      );
    const compared = compare(lines(5), lines(6));
    if (compared.kind !== 'unsaid') throw new Error('nothing differs');
    expect(compared.differs).toHaveLength(10);
    for (const { proposal, existing } of compared.differs) {
      expect(Math.max(proposal.length, existing.length)).toBeLessThanOrEqual(200);
      expect([proposal, existing].join()).toMatch(/waits 6 s.*waits 5 s/);
    }
  });

  it('is the title alone where the text under it is the same', () => {
    const compared = compareWords({
      proposal: { title: 'Waits of the new pool', body: 'The pool waits 5 s. It is blue and deep.' },
      articles: [{ title: 'Waits of the old pool', body: 'The pool waits 5 s. It is blue and deep.' }],
    });
    const differs = [{ proposal: 'Waits of the new pool', existing: 'Waits of the old pool' }];
    expect(compared).toEqual({ kind: 'unsaid', nearest: 0, differs });
  });

  it('is nothing where no statement is near', () => {
    expect(compare('The pool is full of water.', 'Bread needs flour and time.')).toMatchObject({
      differs: [],
    });
  });

  it('is that of the article that says most', () => {
    const compared = compareWords({
      proposal: { title, body: 'The pool waits 6 s. It is blue and deep.' },
      articles: ['Nothing of it.', 'The pool waits 5 s. It is blue and deep.'].map((body) => ({
        title,
        body,
      })),
    });
    expect(compared).toMatchObject({ nearest: 1, differs: [{ existing: 'The pool waits 5 s.' }] });
  });
});

describe('a text that is made to cost much', () => {
  const size = 100_000;
  it.each(
    Object.entries({
      'one letter': 'a'.repeat(size),
      'combining marks': '\u0301'.repeat(size),
      'marks of emphasis': '*a _b '.repeat(size / 6),
      backticks: '` `` a'.repeat(size / 6),
      'hash signs': `# ${'#'.repeat(size)}x`,
      dots: '.'.repeat(size),
      'stops in brackets': '.)'.repeat(size / 2),
      'question marks': `${'?'.repeat(size)}x`,
      separators: `${'\n'.repeat(size)}x`,
      blanks: `${' '.repeat(size)}x`,
      bars: `${'|'.repeat(size / 2)}\n|-|\n${'|'.repeat(size / 2)}`,
      bullets: '- a\n'.repeat(size / 4),
      dashes: `${'- '.repeat(size / 2)}x`,
      'headings with one sentence': Array.from({ length: size / 10 }, (_, at) => `# h${at % 99}\nS`).join(
        '\n',
      ),
      'nested items': Array.from({ length: 440 }, (_, at) => `${' '.repeat(at)}- x${at}`).join('\n'),
      'short sentences': 'No! '.repeat(size / 4),
      'distinct words': Array.from({ length: size / 6 }, (_, at) => `w${at.toString(36)}`).join(' '),
      'Chinese sentences': '这是一个测试。'.repeat(size / 7),
      quotes: '"'.repeat(size),
      'lines that end with a colon': 'a:\n\n'.repeat(size / 4),
      'items with paragraphs': '- a\n\n  b\n\n'.repeat(size / 10),
    }),
  )('is compared all the same: %s', (_, body) => {
    expect(compare(body, body)).toEqual({ kind: 'said', by: 0 });
    const other = { proposal: { title: 'Another title', body }, articles: [{ title, body }] };
    expect(compareWords(other).kind).toBe('unsaid');
  });
});

describe('for any two texts', () => {
  const word = fc.constantFrom(
    'Pool',
    'waits',
    '5',
    '6',
    'ms',
    's',
    'not',
    'nicht',
    'C',
    'C++',
    'x²',
    '不',
    'a.b',
    '-5',
    '=',
    '!=',
    'No.',
    'e.g.',
    '`x`',
    '**b**',
    '~~d~~',
    '[ ]',
    '[x]',
  );
  const end = fc.constantFrom(
    '. ',
    '! ',
    '? ',
    '\n',
    '\n\n',
    '。',
    ': ',
    '\n- ',
    '\n1. ',
    '\n## ',
    '\n> ',
    '\n```\n',
    ' | ',
    '\n|-|-|\n',
  );
  const text = fc
    .array(fc.oneof({ weight: 3, arbitrary: word.map((each) => `${each} `) }, end), { maxLength: 30 })
    .map((parts) => parts.join(''));
  const article = fc.record({ title: word, body: fc.oneof(text, fc.string({ unit: 'grapheme' })) });

  it('one that is said has no sentence that stands nowhere', () => {
    fc.assert(
      fc.property(article, article, (proposal, existing) => {
        const there = new Set(statementsOf(existing).all.map(({ folded }) => folded));
        const isThere = statementsOf(proposal).all.every(({ folded }) => there.has(folded));
        if (compareWords({ proposal, articles: [existing] }).kind === 'said') expect(isThere).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('an article says itself, and says itself with more behind it', () => {
    fc.assert(
      fc.property(article, text, ({ title: name, body }, more) => {
        expect(
          compareWords({ proposal: { title: name, body }, articles: [{ title: name, body }] }).kind,
        ).toBe('said');
        const longer = { title: name, body: `${body}\n\n\n# More\n\n${more}` };
        const isOpen =
          statementsOf({ title: name, body: `${body}\n\n\n# More` }).all.at(-1)?.folded !== 'more';
        if (!isOpen)
          expect(compareWords({ proposal: { title: name, body }, articles: [longer] }).kind).toBe('said');
      }),
      { numRuns: 1_000 },
    );
  });

  it('a changed letter or digit anywhere is not said', () => {
    const changes = fc.constantFrom(
      ['5', '6'],
      ['ms', 's'],
      ['not', ''],
      ['C++', 'C'],
      ['x²', 'x2'],
      ['不', ''],
      ['-5', '5'],
      ['!=', '='],
      ['[ ]', '[x]'],
      ['~~d~~', 'd'],
    );
    fc.assert(
      fc.property(article, changes, fc.nat(), ({ title: name, body }, [from = '', to = ''], seed) => {
        const at = body.indexOf(from, seed % (body.length + 1));
        if (at < 0 || body.slice(0, at).endsWith('!')) return;
        const changed = body.slice(0, at) + to + body.slice(at + from.length);
        const words = (of: string) => of.replace(/[\s*`.:。-]+/gu, '').toLowerCase();
        const statements = (of: string) =>
          statementsOf({ title: name, body: of }).all.map(({ folded }) => folded);
        if (words(changed) === words(body)) return;
        const gone = statements(changed).filter((each) => !statements(body).includes(each));
        if (gone.length === 0) return;
        expect(
          compareWords({ proposal: { title: name, body: changed }, articles: [{ title: name, body }] }).kind,
        ).toBe('unsaid');
      }),
      { numRuns: 1_000 },
    );
  });
});
