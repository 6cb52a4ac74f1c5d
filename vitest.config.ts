import { writeSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';

/** Ends the output with one line that a program can read. A file that could not be loaded counts as one failure. */
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
    // A run can fail without a test that did: its services could not start, say.
    if (reason === 'failed' && failed === 0) failed = 1;
    process.once('exit', () => writeSync(1, `${passed} passed, ${failed} failed\n`));
  },
});

/** Real servers on a small machine. */
const patience = { testTimeout: 30_000, hookTimeout: 60_000, teardownTimeout: 30_000 };
/** What needs no running service, or starts its own: to run it alone starts nothing. */
const standsAlone = ['test/unit/**/*.test.ts', 'test/architecture/**/*.test.ts', 'test/stack/**/*.test.ts'];
/** What waits for the local model, which takes all cores: side by side, and beside other tests, each would wait for the other. */
const asksTheModel = [
  'test/e2e/walk.test.ts',
  'test/e2e/local-model.test.ts',
  'test/quality/near-duplicates.test.ts',
];
const globalSetup = ['test/support/global-setup.ts'];

export default defineConfig({
  test: {
    reporters: ['default', closingLine()],
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      { test: { name: 'alone', include: standsAlone, ...patience } },
      {
        test: {
          name: 'services',
          include: ['test/**/*.test.ts'],
          exclude: [...standsAlone, ...asksTheModel],
          globalSetup,
          ...patience,
        },
      },
      {
        test: {
          name: 'model',
          include: asksTheModel,
          globalSetup,
          ...patience,
          // After the others, and one file after the other.
          sequence: { groupOrder: 1 },
          fileParallelism: false,
        },
      },
    ],
  },
});
