import type { PlantedFault } from './planted-fault.ts';

const tests = ['test/workflows/changes.test.ts'];
const walk = ['test/workflows/embed-article.test.ts'];

/** Faults in taking many changes of one article together. */
export const coalescingFaults: readonly PlantedFault[] = [
  {
    file: 'workflows/changes.ts',
    find: 'const maxDebounceMs = 10_000;',
    replace: 'const maxDebounceMs = Number.POSITIVE_INFINITY;',
    why: 'without its bound: an author who never pauses delays the pass for ever',
    tests,
  },
  {
    file: 'workflows/changes.ts',
    find: 'const debounceMs = 1_000;',
    replace: 'const debounceMs = 10;',
    why: 'a burst with short pauses costs a pass for each change',
    tests,
  },
  {
    file: 'workflows/changes.ts',
    find: 'Math.min(debounceMs, Math.max(deadline - Date.now(), 1))',
    replace: 'debounceMs',
    why: 'the last wait goes beyond the bound',
    tests,
  },
  {
    file: 'workflows/changes.ts',
    find: '  setHandler(keyChanged, changed);\n',
    replace: '  setHandler(keyChanged, () => undefined);\n',
    why: 'a new key ends no wait',
    tests: walk,
  },
  {
    file: 'workflows/EmbedArticle.ts',
    find: 'if (changes.any) await changes.debounce();',
    replace: 'if (changes.any) await Promise.resolve();',
    why: 'the next pass begins in the middle of the burst',
    tests: [...walk, ...tests],
  },
];
