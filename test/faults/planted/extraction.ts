import type { PlantedFault } from './planted-fault.ts';

const ask = ['test/integration/extraction/ask.test.ts'];
const make = ['test/integration/extraction/make-articles.test.ts'];
const answer = ['test/unit/extraction/answer.test.ts'];
const markdown = ['test/unit/extraction/neutral-markdown.test.ts'];
const question = ['test/unit/extraction/question.test.ts'];

/** Faults in the extraction of articles from texts. */
export const extractionFaults: readonly PlantedFault[] = [
  {
    file: 'src/extraction/ask.ts',
    find: '      claim: claimOn(passage, timeoutMs + aroundAttemptMs),\n',
    replace: '',
    why: 'two processes buy one answer',
    tests: ask,
  },
  {
    file: 'src/extraction/ask.ts',
    find: '      persistUnusable: (tx, code, tokens) => storeUnusable(tx, tenantId, passage, code, tokens),\n',
    replace: '',
    why: 'an answer that the model refuses is bought again and again',
    tests: ask,
  },
  {
    file: 'src/extraction/answer-store.ts',
    find: 'and (a.call_id is null or a.claimed_until <= clock_timestamp())',
    replace: 'and a.call_id is null',
    why: 'a crash claims a passage for good',
    tests: ask,
  },
  {
    file: 'src/extraction/answer-store.ts',
    find: 'final: lasting.includes(code) || tries >= maxTries',
    replace: 'final: lasting.includes(code)',
    why: 'answers of another shape are bought without end',
    tests: ask,
  },
  {
    file: 'src/extraction/answer-store.ts',
    find: "    claimed().whereNull('answer').whereNull('code').delete(),\n",
    replace: '',
    why: 'a call without an answer leaves a row that says nothing',
    tests: ask,
  },
  {
    file: 'src/extraction/answer.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    find: '`answer/${subject.kind}/${subject.id}/${part}/${half}`',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    replace: '`answer/${subject.kind}/${subject.id}`',
    why: 'the answer about one part opens as that about another',
    tests: answer,
  },
  {
    file: 'src/extraction/answer.ts',
    find: "key.seal(labelOf(passage), Buffer.from(JSON.stringify({ limit, articles }), 'utf8'))",
    replace: "Buffer.from(JSON.stringify({ limit, articles }), 'utf8')",
    why: 'answers lie open in the database',
    tests: [...answer, 'test/integration/extraction/leaks.test.ts'],
  },
  {
    file: 'src/extraction/answer.ts',
    find: "if (number >= limit) return { kind: 'left_out', number };",
    replace: '',
    why: 'a model makes more articles than were asked for',
    tests: answer,
  },
  {
    file: 'src/extraction/proposed-article.ts',
    find: 'neutralMarkdown(plain(body)).trim()',
    replace: 'plain(body).trim()',
    why: 'a model writes script',
    tests: [...answer, 'test/integration/extraction/hostile-documents.test.ts'],
  },
  {
    file: 'src/extraction/proposed-article.ts',
    find: 'return { ...texts.data, category: categoryOf(category) };',
    replace: 'return { ...Object(given), ...texts.data, category: categoryOf(category) };',
    why: 'a field of the model goes through',
    tests: answer,
  },
  {
    file: 'src/extraction/neutral-markdown.ts',
    find: '/^ {0,3}(`{3,}|~{3,})[ \\t]*$/',
    replace: '/^(`{3,}|~{3,})[ \\t]*$/',
    why: 'script after a fence that blanks precede',
    tests: markdown,
  },
  {
    file: 'src/extraction/neutral-markdown.ts',
    find: "if (line[start - 1] === '\\\\') return undefined;",
    replace: '',
    why: 'script in a span that an escaped backtick does not begin',
    tests: markdown,
  },
  {
    file: 'src/extraction/question.ts',
    find: "randomBytes(12).toString('hex')",
    replace: "'0'.repeat(24)",
    why: 'a document can close its own marks',
    tests: question,
  },
  {
    file: 'src/extraction/make-articles.ts',
    find: 'proposals.filter(({ number }) => !known.has(number))',
    replace: 'proposals',
    why: 'the gate is paid again for articles that are made',
    tests: make,
  },
  {
    file: 'src/extraction/make-articles.ts',
    find: "throw new NotCreated('has_outcome');",
    replace: 'return;',
    why: 'two runs make an article twice',
    tests: make,
  },
  {
    file: 'src/extraction/outcome-store.ts',
    find: "  await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [",
    replace: '  void ([',
    why: 'two parts both find room for the last article',
    tests: make,
  },
  {
    file: 'src/extraction/make-articles.ts',
    find: 'if (!isAboutTheText(error)) throw error;',
    replace: 'throw error;',
    why: 'an article that the database refuses is tried without end',
    tests: make,
  },
  {
    file: 'src/extraction/make-articles.ts',
    find: 'bugs.push(error);',
    replace: 'throw error;',
    why: 'a bug about one article costs the others',
    tests: make,
  },
  {
    file: 'src/extraction/make-articles.ts',
    find: '...request.metadata, source: { kind, id }',
    replace: 'source: { kind, id }, ...request.metadata',
    why: 'a job can say that its articles come from another source',
    tests: make,
  },
];
