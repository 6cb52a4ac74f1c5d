import { writeSync } from 'node:fs';
import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type Reporter, type TestSpecification } from 'vitest/node';

/** Ends the output with one line that a program can read. A file that cannot be loaded counts as one failure. */
const closingLine = (): Reporter => ({
  onTestRunEnd(modules, unhandledErrors, reason) {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        if (state === 'failed') failed++;
      }
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
    }
    // A run can also fail without a failed test, for example when its services cannot start.
    if (reason === 'failed' && failed === 0) failed = 1;
    process.once('exit', () => writeSync(1, `${passed} passed, ${failed} failed\n`));
  },
});

/** Long enough for real servers on a small machine that has other work, too. */
const timeouts = {
  ...{ testTimeout: 60_000, hookTimeout: 120_000, teardownTimeout: 30_000 },
  expect: { poll: { timeout: 20_000 } },
};
/** The modules of a file take one to four seconds to load, and hold no state: a process loads them once for all its files. */
const shared = { isolate: false, ...timeouts };
/** Tests that need no running service or start their own, so that running them alone starts nothing else. */
const standsAlone = ['test/unit/**/*.test.ts', 'test/architecture/**/*.test.ts', 'test/stack/**/*.test.ts'];
/** Tests that count what a process does from its first step on: in a process of their own. The files of a project share theirs. */
const ownProcess = ['test/unit/domain/chunking-steps.test.ts', 'test/unit/domain/words/words-steps.test.ts'];
/** Tests that run after all others, one file after the other. */
const oneByOne = [
  // They wait for the local model, which uses all cores, so that each would slow the others down.
  'test/e2e/walk.test.ts',
  'test/e2e/local-model.test.ts',
  'test/quality/near-duplicates.test.ts',
  // It prefers the default ports, as start.test.ts does: at the same time each could take the other's API for its own.
  'test/e2e/dev.test.ts',
];
/**
 * Files of the project `services` that take longest, the longest first. Without a cache of earlier runs the library begins with the
 * largest files, and the longest one would run alone at the end.
 */
const longest = [
  'test/faults/matrix.test.ts',
  'test/faults/document-kills.test.ts',
  'test/faults/model-matrix.test.ts',
  'test/integration/embedding/paced-articles.test.ts',
  'test/e2e/drain.test.ts',
  'test/workflows/embed-article.test.ts',
  'test/integration/platform/deadlines.test.ts',
  'test/e2e/search-degradation.test.ts',
  'test/e2e/start.test.ts',
  'test/integration/providers/recorded-calls.test.ts',
];
const placeOf = ({ moduleId }: TestSpecification) => longest.indexOf(relative(import.meta.dirname, moduleId));

/** Starts the longest files of a project first, and the others in the library's order. The library takes a class. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const long = sorted.filter((file) => placeOf(file) >= 0).sort((a, b) => placeOf(a) - placeOf(b));
    const [project] = long.map((file) => file.project.name);
    const others = sorted.filter((file) => placeOf(file) < 0);
    // A project's files stay together.
    const first = others.findIndex((file) => file.project.name === project);
    const at = first < 0 ? others.length : first;
    return [...others.slice(0, at), ...long, ...others.slice(at)];
  }
}

/** Tests on software that `npm test` does not install: `npm run test:litellm`. */
const onRequest = ['test/vendors/**'];
const globalSetup = ['test/support/global-setup.ts'];

export default defineConfig({
  test: {
    reporters: ['default', closingLine()],
    pool: 'forks',
    // Two for each core of a small machine: the longest files mostly wait, for the time of an activity whose worker has died.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'own-process', include: ownProcess, ...timeouts } },
      { test: { name: 'alone', include: standsAlone, exclude: ownProcess, ...shared } },
      {
        test: {
          name: 'services',
          include: ['test/**/*.test.ts'],
          exclude: [...standsAlone, ...oneByOne, ...onRequest],
          globalSetup,
          ...shared,
        },
      },
      {
        test: {
          name: 'one-by-one',
          include: oneByOne,
          globalSetup,
          ...shared,
          sequence: { groupOrder: 1 },
          fileParallelism: false,
        },
      },
    ],
  },
});
