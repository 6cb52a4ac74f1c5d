import type { PlantedFault } from './planted-fault.ts';

const guarded = ['test/integration/providers/guarded-anthropic.test.ts'];
const errors = ['test/unit/providers/anthropic-errors.test.ts'];
const recorded = ['test/unit/providers/recorded-anthropic.test.ts'];
const models = ['test/unit/providers/catalogue/anthropic-models.test.ts'];

/** Faults in the questions to Anthropic, and in what becomes of their answers and errors. */
export const anthropicFaults: readonly PlantedFault[] = [
  {
    file: 'src/providers/anthropic/ask.ts',
    find: "  if (stopped !== undefined) return { kind: 'failed', code: stopped, cost };\n",
    replace: '',
    why: 'the stop reason is not looked at: half of an answer counts as one',
    tests: guarded,
  },
  {
    file: 'src/providers/anthropic/ask.ts',
    find: 'takesNoSchema.set(asked, true)',
    replace: 'takesNoSchema.delete(asked)',
    why: 'a model that takes no schema is asked with it each time',
    tests: guarded,
  },
  {
    file: 'src/providers/anthropic/ask.ts',
    find: 'return restMs === 0 ? result :',
    replace: 'return restMs === 0 || refusesSchema ? result :',
    why: 'a model that takes no schema is not asked in words',
    tests: guarded,
  },
  {
    file: 'src/providers/anthropic/anthropic-client.ts',
    find: ", cache_control: { type: 'ephemeral' }",
    replace: '',
    why: 'the stable part of the prompt is not marked for the cache',
    tests: guarded,
  },
  {
    file: 'src/providers/anthropic/answer-format.ts',
    find: "text.replaceAll('\\0', '')",
    replace: 'text',
    why: 'an answer with NUL cannot be stored, and is bought again',
    tests: guarded,
  },
  {
    file: 'src/providers/anthropic/answer-format.ts',
    find: '/^\\s*[[{]/.test(text) ? -1 : ',
    replace: '',
    why: 'an article with a fence in it is taken apart',
    tests: guarded,
  },
  {
    file: 'src/providers/make-call.ts',
    find: 'await request.persistUnusable?.(tx, answer.code, tokens)',
    replace: 'await request.persistUnusable?.(tx, answer.code, bound)',
    why: 'an unusable answer is remembered with what was reserved, although it tells its tokens',
    tests: guarded,
  },
  {
    file: 'src/providers/verdict-on.ts',
    find: "answer.cost.kind === 'unknown' && unusable.includes(answer.code)",
    replace: "answer.cost.kind === 'unknown'",
    why: 'silence is remembered as an answer that cannot be used',
    tests: guarded,
  },
  {
    file: 'src/providers/verdict-on.ts',
    find: "  (answer.cost.kind === 'told' || (answer.cost.kind === 'unknown' && unusable.includes(answer.code)));",
    replace: "  answer.cost.kind === 'told';",
    why: 'an unusable answer that tells no tokens is bought again and again',
    tests: guarded,
  },
  {
    file: 'src/providers/catalogue/anthropic-models.ts',
    find: 'return { maxTokens: answerTokens + thinkingTokens, thinking: undefined };',
    replace: 'return { maxTokens: answerTokens, thinking: undefined };',
    why: 'a model that is not known has no room to think, and its answers are cut off',
    tests: models,
  },
  {
    file: 'src/domain/thrown.ts',
    find: "isFailure ? readThrown(thrown, 'type') : undefined",
    replace: "readThrown(thrown, 'type')",
    why: 'a provider chooses the code of a failure by the type in its body',
    tests: errors,
  },
  {
    file: 'activities/failure.ts',
    find: "typeof delay === 'number' && Number.isFinite(delay)",
    replace: "typeof delay === 'number'",
    why: 'a wait that is no number goes to Temporal',
    tests: errors,
  },
  {
    file: 'src/platform/http/internal-problem.ts',
    find: 'isThrown(error, DatabaseUnavailable)',
    replace: 'error instanceof DatabaseUnavailable',
    why: 'a thrown proxy breaks the answer of the error itself',
    tests: errors,
  },
  {
    file: 'src/http/app.ts',
    find: 'isThrown(error, URIError)',
    replace: 'error instanceof URIError',
    why: 'a thrown proxy breaks the handler of errors',
    tests: errors,
  },
  {
    file: 'src/providers/wire/input-hint.ts',
    find: '(?:input|prompt)\\b.{0,30}',
    replace: 'input\\b.{0,30}',
    why: 'a prompt that is too long is not known as such',
    tests: recorded,
  },
];
