import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { categories } from '../../../src/articles/article.ts';
import { newArticleSchema } from '../../../src/articles/schemas.ts';
import { answerSchema, openAnswer, proposalsOf, sealAnswer } from '../../../src/extraction/answer.ts';
import type { Passage } from '../../../src/extraction/extraction.ts';
import { proposedArticle } from '../../../src/extraction/proposed-article.ts';
import type { DataKey } from '../../../src/platform/vault/data-keys.ts';
import { openSealed, sealBytes } from '../../../src/platform/vault/sealed-bytes.ts';

const good = { title: 'A title', body: 'A body', category: 'pattern', tags: ['one'] };

describe('an article of a model', () => {
  it('is what the model says, as far as it is its to say', () => {
    const given = {
      ...good,
      status: 'published',
      tenant_id: 'x',
      source_type: 'y',
      metadata: {},
      force: true,
    };
    expect(proposedArticle(given)).toEqual(good);
  });

  it.each([
    ['a number for a title', { ...good, title: 1 }],
    ['a blank title', { ...good, title: ' \n\u0000 ' }],
    ['no body', { title: 'A title', category: 'pattern', tags: [] }],
    ['a blank body', { ...good, body: ' \n\t ' }],
    ['a body that no model writes', { ...good, body: 'a'.repeat(1_000_001) }],
    ['a list', [good]],
    ['nothing', null],
    ['a text', 'A title'],
  ])('is not valid with %s', (_, given) => {
    expect(proposedArticle(given)).toBeUndefined();
  });

  it.each([
    ['a title of lines', { title: ' A\n\ttitle\u0007 ' }, { title: 'A title' }],
    ['a category of capitals', { category: ' Decision ' }, { category: 'decision' }],
    ['an unknown category', { category: 'secret' }, { category: 'finding' }],
    ['no category', { category: undefined }, { category: 'finding' }],
    ['no tags', { tags: undefined }, { tags: [] }],
    ['one tag for a list', { tags: 'one' }, { tags: [] }],
    ['tags that are none', { tags: ['a', 1, '', ' ', 'A', 'x'.repeat(101)] }, { tags: ['a'] }],
    ['characters that no one sees', { body: 'a\u{e0041}\u202eb\u0000\r\nc' }, { body: 'ab\nc' }],
    ['half of a pair', { body: 'a\ud800b' }, { body: 'ab' }],
    ['markup', { body: '<script>' }, { body: '&lt;script>' }],
  ])('is put right with %s', (_, given, expected) => {
    expect(proposedArticle({ ...good, ...given })).toEqual({ ...good, ...expected });
  });

  it('has its title cut at 500 characters, which are not halved, and ten tags', () => {
    const article = proposedArticle({
      ...good,
      title: '😀'.repeat(600),
      tags: Array.from({ length: 60 }, (_, at) => `tag ${at}`),
    });
    expect(article?.title).toBe(`${'😀'.repeat(499)}…`);
    expect(article?.tags).toHaveLength(10);
  });
});

describe('an answer', () => {
  it('is asked for with the fields of an article and the ten categories, and no other field', () => {
    expect(z.toJSONSchema(answerSchema, { io: 'input' })).toMatchObject({
      type: 'object',
      required: ['articles'],
      additionalProperties: false,
      properties: {
        articles: {
          type: 'array',
          items: {
            type: 'object',
            required: ['title', 'body', 'category', 'tags'],
            additionalProperties: false,
            properties: { category: { enum: categories } },
          },
        },
      },
    });
  });

  it('keeps what is valid of it: repeated texts and what is beyond the number asked for are left out', () => {
    const articles = [
      good,
      7,
      { ...good, title: 'Again', body: ' a  BODY' },
      { ...good, body: 'Other' },
      good,
    ];
    expect(proposalsOf({ articles }, 4).map(({ kind, number }) => [number, kind])).toEqual([
      [0, 'valid'],
      [1, 'invalid'],
      [2, 'duplicate'],
      [3, 'valid'],
      [4, 'left_out'],
    ]);
  });

  it('of any JSON is parsed without a throw, and what is valid of it can be written', () => {
    const field = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue());
    const article = fc.record({
      title: field,
      body: field,
      category: field,
      tags: fc.oneof(fc.array(field), field),
    });
    const answers = fc.oneof(
      fc.jsonValue(),
      fc.record({ articles: fc.array(fc.oneof(article, fc.jsonValue())) }),
    );
    fc.assert(
      fc.property(answers, (given) => {
        const parsed = answerSchema.safeParse(given);
        if (!parsed.success) return;
        for (const proposal of proposalsOf(parsed.data, 5)) {
          if (proposal.kind !== 'valid') continue;
          expect(newArticleSchema.safeParse(proposal.article).success).toBe(true);
          expect(Object.keys(proposal.article).sort()).toEqual(['body', 'category', 'tags', 'title']);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a sealed answer', () => {
  const secret = createSecretKey(randomBytes(32));
  const key: DataKey = {
    seal: (label, bytes) => sealBytes(secret, label, bytes),
    open: (label, bytes) => openSealed(secret, label, bytes),
  };
  const subject = { tenantId: 't', kind: 'ingestion', id: 'job' } as const;
  const passage: Passage = { subject, part: 1, half: 0 };
  const sealed = sealAnswer(key, passage, { articles: [good, { ...good, body: 'Other' }] }, 1);

  it('opens as it was, with the number that was asked for', () => {
    expect(openAnswer(key, passage, sealed)).toEqual([
      { kind: 'valid', number: 0, article: good },
      { kind: 'left_out', number: 1 },
    ]);
  });

  it('counts at most a hundred articles beyond that number', () => {
    const articles = Array.from({ length: 5_000 }, (_, at) => ({ ...good, body: `Body ${at}` }));
    const kinds = openAnswer(key, passage, sealAnswer(key, passage, { articles }, 2)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'left_out')).toHaveLength(100);
    expect(kinds.filter((kind) => kind === 'valid')).toHaveLength(2);
  });

  it.each<[string, Passage]>([
    ['part', { ...passage, part: 2 }],
    ['half', { ...passage, half: 1 }],
    ['subject', { ...passage, subject: { ...subject, id: 'another' } }],
    ['kind of subject', { ...passage, subject: { ...subject, kind: 'review' } }],
  ])('does not open as that of another %s', (_, other) => {
    expect(() => openAnswer(key, other, sealed)).toThrow('does not open');
  });
});
