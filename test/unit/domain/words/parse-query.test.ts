import { describe, expect, it } from 'vitest';
import { analyzeText } from '../../../../src/domain/words/analyze-text.ts';
import { maxTerms, parseQuery } from '../../../../src/domain/words/parse-query.ts';
import { howFound, matches } from '../../../support/match-words.ts';

/** What a query asks for, leaves out and passes over, as it is typed. */
function read(q: string, languages: readonly string[] = ['en', 'de']) {
  const { terms, exclusions, ignored } = parseQuery(q, languages);
  return {
    terms: terms.map(({ typed }) => typed),
    left: exclusions.map(({ term }) => term.typed),
    ignored: ignored.map(({ typed }) => typed),
  };
}

const words = (body: string) => analyzeText({ title: '', tags: [], category: '', body, language: 'en' });

describe('a query', () => {
  it('asks for its words, and passes over those that say little', () => {
    expect(read('how often do I lubricate the pump')).toEqual({
      terms: ['often', 'lubricate', 'pump'],
      left: [],
      ignored: ['how', 'do', 'I', 'the'],
    });
    expect(read('wie funktioniert die Suche').terms).toEqual(['funktioniert', 'Suche']);
    expect(read('¿cómo se configura el servidor?', ['es']).terms).toEqual(['configura', 'servidor']);
    expect(read('как настроить базу данных', ['ru']).terms).toEqual(['настроить', 'базу', 'данных']);
  });

  it.each([
    'To be or not to be',
    'The Who',
    'IT',
    'it',
    'who are you',
    'and',

    'was ist das',
  ])('asks for words that say little where it has no others: %s', (q) => {
    expect(read(q).ignored).toEqual([]);
    expect(howFound(q, q)).toBe('exactly');
    expect(howFound(q, `"${q}"`)).toBe('exactly');
  });

  it('does not take a word of one language for a common one of another', () => {
    expect(read('cold war history').terms).toEqual(['cold', 'war', 'history']);
    expect(read('machine for die casting of parts').terms).toEqual(['machine', 'die', 'casting', 'parts']);
  });

  it('asks for each word once, and for 24 at most', () => {
    expect(read('pump Pump PUMP').terms).toEqual(['pump']);
    const many = Array.from({ length: 30 }, (_, index) => `word${index}`);
    const { terms, ignored } = parseQuery(many.join(' '), ['en']);
    expect(terms).toHaveLength(maxTerms);
    expect(ignored).toEqual(many.slice(maxTerms).map((typed) => ({ typed, reason: 'too_many' })));
  });

  it.each([
    '',
    ' ',
    '"',
    '""',
    '-',
    '--',
    '*',
    '- -',
    '"-"',
    '…',
    '👍',
    '\u200B',
    '***',
    '&|!',
    '<->',
    '\\',
    "'",
  ])('without a word asks for nothing: %j', (q) => {
    expect(parseQuery(q, ['en'])).toEqual({ terms: [], exclusions: [], ignored: [] });
  });
});

describe('a phrase in quotes', () => {
  it.each([
    '"You were right"',
    '“You were right”',
    '„You were right“',
    '„You were right”',
    '«You were right»',
    '»You were right«',
    '« You were right »',
    '「You were right」',
    '『You were right』',
    '"you  WERE, right!"',
  ])('is found where its words stand together: %s', (q) => {
    expect(parseQuery(q, ['en']).terms.map(({ kind }) => kind)).toEqual(['phrase']);
    expect(howFound('I think you were right about it', q)).toBe('exactly');
    expect(howFound('You are right, we were wrong', q)).toBe('not');
    expect(howFound('right you were', q)).toBe('not');
  });

  it.each([
    ['call getUserById now', '"getUserById now"'],
    ['call getUserById now', '"call getUserById"'],
    ['call getUserById now', '"user by id now"'],
    ['用Docker部署应用', '"Docker部署"'],
    ['日本語のテストを書く', '"のテストを"'],
    ['번역을 부탁해', '"번역을 부탁"'],
    ['réseau privé', '"reseau prive"'],
    ['the v1.9 release', '"1.9 release"'],
    ['C++ is fast', '"C++ is"'],
    ['a timeout tomorrow', '"ti\u200bme\u200do\u2060ut tomorrow"'],
    ['die Äpfel dort', '"die äPFEL dort"'],
    ['the äPFEL there', '"äpfel"'],
  ])('may have names and other scripts: %s by %s', (text, q) => {
    expect(howFound(text, q)).toMatch(/exactly|in a form/);
  });

  it('without its end is no phrase', () => {
    expect(parseQuery('"lubricate pump', ['en']).terms.map(({ kind }) => kind)).toEqual(['word', 'word']);
    expect(parseQuery('19" monitor', ['en']).terms.map(({ typed }) => typed)).toEqual(['19', 'monitor']);
    expect(read('19" rack, 2" deep').terms).toEqual(['19', 'rack', '2', 'deep']);
  });

  it('does not go from one field to the next', () => {
    const article = analyzeText({
      title: 'Blue',
      tags: ['green', 'red'],
      category: 'guide',
      body: 'pump',
      language: 'en',
    });
    for (const q of ['"blue green"', '"green red"', '"red guide"', '"guide pump"', '"blue pump"']) {
      expect(parseQuery(q, ['en']).terms.filter(({ query }) => matches(query, article))).toEqual([]);
    }
  });
});

describe('a word behind a dash', () => {
  it.each([
    ['pump -diesel', ['pump'], ['diesel']],
    ['pump -"diesel engine"', ['pump'], ['-"diesel engine"']],
    ['git pull -"merge conflict"', ['git', 'pull'], ['-"merge conflict"']],
    ['-diesel pump', ['pump'], ['diesel']],
    ['jaguar −car', ['jaguar'], ['car']],
    ['search -postgres -redis', ['search'], ['postgres', 'redis']],
    // Commands are words as well: what stands further behind them may be left out, unless an article has it as an option.
    ['time management -pomodoro', ['time', 'management'], ['pomodoro']],
    ['python tutorial -django', ['python', 'tutorial'], ['django']],
  ])('is left out where something else is asked for: %s', (q, terms, left) => {
    expect(read(q)).toEqual({ terms, left, ignored: [] });
  });

  it.each([
    ['tar -xvf', ['tar', 'xvf']],
    ['rm -rf node_modules', ['rm', 'rf', 'node_modules']],
    ['ls -la', ['ls', 'la']],
    ['kubectl get pods -n kube-system', ['kubectl', 'get', 'pods', 'n', 'kube-system']],
    ['find . -name foo', ['find', 'name', 'foo']],
    ['java -jar app.jar', ['java', 'jar', 'app.jar']],
    ['use tar -xzvf', ['use', 'tar', 'xzvf']],
    ['git -amend', ['git', 'amend']],
    ['git commit --amend --no-edit', ['git', 'commit', 'amend', 'no-edit']],
    ['chmod -R 755', ['chmod', 'R', '755']],
    ['mytool --verbose', ['mytool', 'verbose']],
    ['mytool -v', ['mytool', 'v']],
    ['mytool -10', ['mytool', '10']],
    ['temperature -40', ['temperature', '40']],
    ['sign-off', ['sign-off']],
    ['pump - manual', ['pump', 'manual']],
  ])('is an option, a number or a part of a name: %s', (q, terms) => {
    expect(read(q)).toEqual({ terms, left: [], ignored: [] });
  });

  it.each(['-diesel', '-"diesel engine"', '-foo -bar'])('is asked for where nothing else is: %s', (q) => {
    const { terms, exclusions } = parseQuery(q, ['en']);
    expect(exclusions).toEqual([]);
    expect(terms.length).toBeGreaterThan(0);
  });

  it.each([
    ['unknowntool -verbose', 'run `unknowntool -verbose` first'],
    ['tool -Dfoo.bar=baz', 'tool -Dfoo.bar=baz'],
    ['tool -output', 'tool -output=json'],
    ['tool -Xmx4g', 'tool `-Xmx4g`'],
  ])('is told as an option from the word itself: %s', (q, text) => {
    const option = parseQuery(q, ['en']).exclusions[0]?.asOption.query ?? '';
    expect(matches(option, words(text))).toBe(true);
    expect(matches(option, words(text.replace('-', '')))).toBe(false);
    // Those of a list stand at the beginnings of lines.
    expect(matches(option, words(text.replace(/`?-/, '\n-')))).toBe(false);
  });

  it('is also given as an option, which the index may decide', () => {
    const [exclusion] = parseQuery('unknowntool -verbose', ['en']).exclusions;
    expect(matches(exclusion?.asOption.query ?? '', words('run unknowntool -verbose'))).toBe(true);
  });
});

describe('a word with more behind it', () => {
  it.each([
    ['idemp*', 'an idempotency key', 'idempotency'],
    ['argon*', 'argon2id', 'argon2id'],
    ['resu*', 'my résumé', 'résumé'],
    ['getUs*', 'getUserById', 'getUserById'],
    ['kube-sys*', 'kube-system', 'kube-system'],
  ])('is found by a prefix: %s', (q, text) => {
    expect(parseQuery(q, ['en']).terms.map(({ kind }) => kind)).toEqual(['prefix']);
    expect(howFound(text, q)).toMatch(/exactly|in a form/);
    expect(parseQuery(q, ['en']).terms[0]?.marks.every((mark) => mark.endsWith('*'))).toBe(true);
  });

  it.each([
    ['how to idempot', 'an idempotency key'],
    ['argon', 'argon2id'],
    ['use getUserB', 'getUserById'],
    ['ops@exam', 'ops@example.com'],
    ['データベ', 'データベース'],
  ])('is found while its end is not typed yet: %s', (q, text) => {
    const last = parseQuery(q, ['en']).terms.at(-1);
    expect(matches(last?.asPrefix ?? last?.query ?? '', words(text))).toBe(true);
  });

  it('is looked for at the end of a query only', () => {
    expect(parseQuery('argon id', ['en']).terms.map(({ asPrefix }) => asPrefix !== null)).toEqual([
      false,
      true,
    ]);
    for (const q of ['argon ', 'argon.', 'argon?', '"argon"', 'argon"', 'argon -x ', 'a']) {
      expect(parseQuery(q, ['en']).terms.filter(({ asPrefix }) => asPrefix !== null)).toEqual([]);
    }
  });
});

describe('one of two words', () => {
  it('is one term', () => {
    const { terms } = parseQuery('cats or dogs', ['en']);
    expect(terms.map(({ typed, kind }) => [typed, kind])).toEqual([['cats or dogs', 'either']]);
    for (const text of ['a cat', 'a dog']) expect(matches(terms[0]?.query ?? '', words(text))).toBe(true);
    expect(matches(terms[0]?.query ?? '', words('a bird'))).toBe(false);
  });

  it('may be a phrase or a name', () => {
    const { terms } = parseQuery('"blue pump" OR getUserById', ['en']);
    for (const text of ['the blue pump', 'getUserById'])
      expect(matches(terms[0]?.query ?? '', words(text))).toBe(true);
  });

  it('may be two names with the same parts', () => {
    const { terms } = parseQuery('a1 or b1', ['en']);
    for (const text of ['a1', 'b1']) expect(matches(terms[0]?.query ?? '', words(text))).toBe(true);
    expect(matches(terms[0]?.query ?? '', words('c1'))).toBe(false);
  });

  it('may be one of more than two', () => {
    const { terms } = parseQuery('"red pump" or "blue pump" or "green pump" leak', ['en']);
    expect(terms.map(({ kind }) => kind)).toEqual(['either', 'word']);
    for (const colour of ['red', 'blue', 'green'])
      expect(matches(terms[0]?.query ?? '', words(`a ${colour} pump`))).toBe(true);
  });

  it.each(['or', 'or pump', 'pump or', 'to be or not'])(
    'needs a word that says something on both sides: %s',
    (q) => {
      expect(parseQuery(q, ['en']).terms.filter(({ kind }) => kind === 'either')).toEqual([]);
    },
  );
});

describe('the spelling', () => {
  it.each([
    ['configuraton', 'configuraton'],
    ['Résumé', 'resume'],
    ['Größe', 'grosse'],
    ['настройка', 'настроика'],
    ['pump', 'pump'],
  ])('of a word of letters may be wrong: %s', (q, word) => {
    expect(parseQuery(q, ['en']).terms.map(({ correctable }) => correctable)).toEqual([word]);
  });

  it.each([
    'abc',
    '2024',
    'v1.9',
    'getUserById',
    'sign-off',
    'C++',
    '"configuraton"',
    'conf*',
    'x86',
    'ops@example.com',
  ])('of a name, a number, a phrase or a short word is not questioned: %s', (q) => {
    expect(parseQuery(q, ['en']).terms.map(({ correctable }) => correctable)).toEqual([null]);
  });
});

describe('the marks of a term', () => {
  it('are the lexemes that it was found by', () => {
    const { terms } = parseQuery('running "blue pump" getUser テスト', ['en']);
    const marks = terms.flatMap((term) => term.marks);
    expect(marks).toEqual(
      expect.arrayContaining(['running', '~run', 'run', 'blue', 'pump', 'getuser', '~get', 'テスト']),
    );
  });
});
