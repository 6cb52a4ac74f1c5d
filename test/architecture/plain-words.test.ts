import { describe, expect, it } from 'vitest';
import { document } from './declared-routes.ts';
import { readSource, sourceFiles } from './house.ts';
import { logMessagesIn } from './log-messages.ts';

/** Idioms that need a second reading, each with a sentence that has it. */
const idioms: readonly (readonly [idiom: RegExp, sentence: string])[] = [
  [/\bh[eo]ld (it |this |that )?against\b/i, 'The failure is held against the key.'],
  [/\bfor (the )?(want|lack) of\b/i, 'The article waits for want of a key.'],
  [/\bwho(so|m)?ever\b/i, 'Whoever presents the key is admitted.'],
  [/\b(im)?patien(ce|t(ly)?)\b/i, 'The patience of the search is over.'],
  [/\b(its|their|(wait|go|come)s? for (a|the)|takes?( the)?) turns?\b/i, 'The proposal takes its turn.'],
  [/\b(is|are|was|were|be|been|being) told\b/i, 'The tenant is told once an hour.'],
  [/\b(some|any|no)body\b/i, 'It is shown to nobody.'],
  [/\bgiv(e|es|ing|en) leave\b/i, 'The breaker gives leave to one call.'],
  [/\bwants\b/i, 'The change wants a workflow.'],
  [/\b(its|their|one’s) place\b|\btakes? (a|the) place\b/i, 'The article keeps its place.'],
  [/\bno such thing\b/i, 'There is no such thing.'],
];

interface Text {
  readonly at: string;
  readonly text: string;
}

const documented = textsOf(document, 'document');
const logged = sourceFiles
  .filter((file) => /^(src|activities)\//.test(file))
  .flatMap((file) => logMessagesIn(readSource(file)).map((text): Text => ({ at: file, text })));

describe.each(idioms)('the idiom %s', (idiom, sentence) => {
  it('stands in no text of the OpenAPI document', () => {
    expect(using(documented, idiom)).toEqual([]);
  });

  it('stands in no log message', () => {
    expect(using(logged, idiom)).toEqual([]);
  });

  it('is found in a sentence that has it', () => {
    expect(sentence).toMatch(idiom);
  });
});

describe('the idioms', () => {
  it.each([
    'The article returns to draft and then turns into a revision.',
    'Clients that want the body ask for it; the call needs a key.',
    'The body must have at most 2 MB. The request body holds JSON.',
    'The lease is held by one relay; keys are checked against the database.',
    'The call waits for a lease, for a slot or for the end of the window.',
    'Calls wait in order; each tells the caller when to retry.',
    'The tenant does not exist. No such key is stored.',
  ])('pass the plain sentence: %s', (sentence) => {
    expect(idioms.filter(([idiom]) => idiom.test(sentence))).toEqual([]);
  });
});

describe('the texts', () => {
  it('of the document come from its paths, parameters and components', () => {
    const positions = documented.map(({ at }) => at);
    expect(positions).toContain('document.paths./audit.get.summary');
    expect(positions).toContain('document.components.headers.RetryAfter.description');
    expect(positions).toContain('document.components.schemas.FieldError.properties.path.description');
  });

  it('of the log come from every process', () => {
    expect(logged).toContainEqual({ at: 'src/http/server.ts', text: 'listening' });
    expect(logged).toContainEqual({ at: 'activities/sanitizer.ts', text: 'activity failed' });
    expect(logged.length).toBeGreaterThan(15);
  });
});

describe('the search for log messages', () => {
  it.each([
    ["log.info('shut down');", ['shut down']],
    ["deps.log.warn({ error, ids: ['a'] }, 'not sent');", ['not sent']],
    ["log[level](\n  { a: f(1, 'x') },\n  'activity failed',\n)", ['activity failed']],
    ["log.info({ n }, n > 0 ? 'migrated' : 'nothing to do')", ['migrated', 'nothing to do']],
    ["log.error({ error }, 'it\\'s (half, open')", ["it\\'s (half, open"]],
    ["log.info({ n }, lineOf('embedding'))", []],
    ['log[levels[entry.level]](idsOf(entry), entry.message);', []],
    ["createLogger({ level: 'info' }); catalog.info('x')", []],
  ])('finds in %s what is logged', (code, messages) => {
    expect(logMessagesIn(code)).toEqual(messages);
  });
});

/** The summaries, descriptions and titles of the document. */
function textsOf(value: unknown, at: string): Text[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]: [string, unknown]) =>
    typeof child === 'string' && /^(summary|description|title)$/.test(name)
      ? [{ at: `${at}.${name}`, text: child }]
      : textsOf(child, `${at}.${name}`),
  );
}

function using(texts: readonly Text[], idiom: RegExp) {
  return texts.filter(({ text }) => idiom.test(text)).map(({ at, text }) => `${at}: ${text}`);
}
