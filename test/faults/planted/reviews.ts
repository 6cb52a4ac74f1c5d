import type { PlantedFault } from './planted-fault.ts';

const activities = ['test/integration/reviews/review-activities.test.ts'];
const waiting = ['test/integration/reviews/waiting-reviews.test.ts'];
const api = ['test/api/reviews/reviews.test.ts'];
const workflow = ['test/workflows/extract-review.test.ts'];
const passages = ['test/unit/reviews/passages.test.ts'];

/** Faults in the drafting of knowledge from reviews. */
export const reviewsFaults: readonly PlantedFault[] = [
  {
    file: 'src/reviews/service.ts',
    find: "    await outbox.enqueue(tx, { tenantId: actor.tenantId, kind: 'review', subjectId: review.id });\n",
    replace: '',
    why: 'a review is kept and nothing is drafted from it',
    tests: api,
  },
  {
    file: 'src/reviews/service.ts',
    find: 'if (!retried.includes(current.status))',
    replace: "if (current.status === 'completed')",
    why: 'a review under way is requested again',
    tests: api,
  },
  {
    file: 'src/reviews/extract-review.ts',
    find: "if (hasEnded(review)) return { kind: 'ended', result: resultOf(review) };",
    replace: '',
    why: 'a review is drafted once more after its end',
    tests: activities,
  },
  {
    file: 'src/reviews/extract-review.ts',
    find: "        await blocked.note(tenantId, 'extraction');\n",
    replace: '',
    why: 'a review without a key leaves no trace',
    tests: activities,
  },
  {
    file: 'src/reviews/extract-review.ts',
    find: 'await usage.recordSubject(part.tenantId, part.reviewId);',
    replace: '',
    why: 'the calls of a review are in no ledger',
    tests: activities,
  },
  {
    file: 'src/reviews/extract-review.ts',
    find: 'actor: review.actor,',
    replace: 'actor: serviceActor(tenantId),',
    why: 'the drafts of a review have no author',
    tests: activities,
  },
  {
    file: 'src/reviews/extract-review.ts',
    find: 'maxArticles: made + maxArticles,',
    replace: 'maxArticles: 50,',
    why: 'a model makes as many drafts as it likes',
    tests: activities,
  },
  {
    file: 'src/reviews/extract-review.ts',
    find: "        if (ended.status === 'completed') await extraction.forget(tx, subjectOf(ref));\n",
    replace: '',
    why: 'the answers about a review stay after its end',
    tests: activities,
  },
  {
    file: 'src/reviews/extract-review.ts',
    find: "if (ended.status === 'completed') await extraction.forget",
    replace: "if (ended.status !== 'blocked') await extraction.forget",
    why: 'the retry of a review buys again what it has',
    tests: activities,
  },
  {
    file: 'src/reviews/extract-review.ts',
    find: " > 0 ? 'partial' : 'failed', code };",
    replace: " > 50 ? 'partial' : 'failed', code };",
    why: 'a review of which something came is shown as failed',
    tests: activities,
  },
  {
    file: 'src/reviews/extract-review.ts',
    find: "if (failureTraits[code].article === 'blocked') return { status: 'blocked', code };",
    replace: '',
    why: 'a review that waits for its tenant is given up',
    tests: activities,
  },
  {
    file: 'src/reviews/extract-review.ts',
    find: 'return half === 0 ? whole : (halvePassage(whole)[half - 1] ??',
    replace: 'return half === 0 ? whole : (whole ??',
    why: 'a half is asked for with the whole text',
    tests: activities,
  },
  {
    file: 'src/reviews/run-store.ts',
    find: "      ...(status === 'completed' ? { wrapped_key: null } : {}),\n",
    replace: '',
    why: 'the data key of a review outlives its answers',
    tests: activities,
  },
  {
    file: 'src/reviews/run-store.ts',
    find: "const dueSql = `status = 'blocked' and next_attempt_at < clock_timestamp()`;",
    replace: "const dueSql = `status = 'blocked' and false`;",
    why: 'a review waits for ever for a budget that is there again',
    tests: waiting,
  },
  {
    file: 'src/reviews/waiting-reviews.ts',
    find: 'await request(tx, tenantId, await queueWaiting(tx, tenantId, maxWoken));',
    replace: 'await queueWaiting(tx, tenantId, maxWoken);',
    why: 'a key that comes starts no review',
    tests: waiting,
  },
  {
    file: 'src/reviews/passages.ts',
    find: 'if (passages.length <= maxDrafts) return',
    replace: 'if (passages.length <= 50) return',
    why: 'findings are read after the last draft is made',
    tests: passages,
  },
  {
    file: 'src/reviews/passages.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    find: "severity === undefined ? '' : `Severity: ${severity.trim()}`,",
    replace: "'',",
    why: 'the model does not read how grave a finding is',
    tests: passages,
  },
  {
    file: 'workflows/ExtractReview.ts',
    find: "if (whole.kind !== 'unusable' || whole.code !== 'answer_cut') return whole;",
    replace: "if (whole.kind !== 'unusable') return whole;",
    why: 'a passage that the model refuses is bought in halves',
    tests: workflow,
  },
  {
    file: 'workflows/ExtractReview.ts',
    find: "const waitMs = pass.kind === 'waits' ? waitAfter(pass, rounds) : undefined;",
    replace: "const waitMs = pass.kind === 'waits' ? (waitAfter(pass, rounds) ?? 60_000) : undefined;",
    why: 'a review is tried for ever',
    tests: workflow,
  },
  {
    file: 'workflows/ExtractReview.ts',
    find: 'if (changes.any) rounds.reset();',
    replace: '',
    why: 'another key does not begin the tries of a review anew',
    tests: workflow,
  },
];
