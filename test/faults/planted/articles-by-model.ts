import type { PlantedFault } from './planted-fault.ts';

const activities = ['test/integration/articles/classify-activities.test.ts'];
const classified = ['test/api/articles/classification.test.ts'];
const merge = ['test/api/articles/merge.test.ts'];

/** Faults of what a tenant's model does for articles: categories, and drafts from two articles. */
export const articlesByModelFaults: readonly PlantedFault[] = [
  {
    file: 'src/articles/classification/classify-article.ts',
    find: 'confidenceOf(answer) < leastConfidence ? unclassified : answer.category',
    replace: 'answer.category',
    why: 'a guess of the model changes the category',
    tests: activities,
  },
  {
    file: 'src/articles/edit.ts',
    find: 'if (changes.category !== undefined) await classifications.end',
    replace:
      'if (changes.category !== undefined && changes.category !== current.category) await classifications.end',
    why: 'the model overrules a person who has chosen `finding`',
    tests: [...activities, ...classified],
  },
  {
    file: 'src/articles/classification/classification-store.ts',
    find: '.where({ tenant_id: tenantId, article_id: articleId, round })',
    replace: '.where({ tenant_id: tenantId, article_id: articleId })',
    why: 'the verdict on an old key is written after a new one was set',
    tests: activities,
  },
  {
    file: 'src/articles/classification/classify-article.ts',
    find: "if (article.status !== 'archived') return { open, article };",
    replace: 'if (article.status !== undefined) return { open, article };',
    why: 'the model is asked about an archived article',
    tests: activities,
  },
  {
    file: 'src/articles/quoted-article.ts',
    find: "json.replaceAll('<', '\\\\u003c')",
    replace: 'json',
    why: 'a text ends the data of a prompt and goes on as an instruction',
    tests: [...activities, ...merge],
  },
  {
    file: 'src/articles/classification/question.ts',
    find: 'text.slice(0, maxCharacters)',
    replace: 'text',
    why: 'a whole book is sent for its category',
    tests: activities,
  },
  {
    file: 'src/articles/classification/waiting.ts',
    find: 'await beginRound(tx, tenantId);\n      await start(tx, tenantId);',
    replace: 'await beginRound(tx, tenantId);',
    why: 'the first key starts nothing',
    tests: activities,
  },
  {
    file: 'src/articles/classification/waiting-store.ts',
    find: 'limit (select :maxUnderWay - count from under_way)',
    replace: 'limit :maxUnderWay',
    why: 'a tenant gets more workflows at once with each run of the reconciler',
    tests: activities,
  },
  {
    file: 'src/articles/merging/merging.ts',
    find: "if (areTooLong(sources)) return { kind: 'failed', code: 'document_too_large' };",
    replace: '',
    why: 'texts of any length are sent to be merged',
    tests: merge,
  },
  {
    file: 'src/articles/merging/merge-store.ts',
    find: '\n       where m.leased_until <= clock_timestamp()',
    replace: '',
    why: 'a pair is paid for twice at the same time',
    tests: merge,
  },
  {
    file: 'src/articles/merging/merging.ts',
    find: "if (merged.kind !== 'merged') await release(actor.tenantId, claimId);",
    replace: '',
    why: 'a pair stays claimed after a failure',
    tests: merge,
  },
  {
    file: 'src/articles/merging/merging.ts',
    find: 'await afterWrite?.(tx, article);',
    replace: '',
    why: 'a draft is paid for and its answer to the client is not stored',
    tests: merge,
  },
  {
    file: 'src/articles/merging/merge-draft.ts',
    find: "...{ ...text, id, status: 'draft' },",
    replace: "...{ ...text, id, status: 'published' },",
    why: 'the words of a model are published unread',
    tests: merge,
  },
  {
    file: 'src/articles/schemas.ts',
    find: 'return uniqueTags(fitting).slice(0, maxTags);',
    replace: 'return uniqueTags(fitting);',
    why: 'a draft has more tags than an article may have',
    tests: merge,
  },
];
