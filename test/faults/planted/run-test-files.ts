import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** How the named test files ended. */
export type TestsEnded =
  | { readonly kind: 'passed' }
  /** At least one test failed: the first. */
  | { readonly kind: 'failed'; readonly test: string }
  /** No test has said anything: a file cannot be loaded, or the run had no end. */
  | { readonly kind: 'broken'; readonly output: string };

const report = z.object({
  success: z.boolean(),
  numTotalTests: z.number(),
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })) }),
  ),
});

/** Above the slowest of the test files, several times. */
const timeoutMs = 300_000;

/**
 * Runs test files of a project and stops at the first failure. A file that does not load is no failed test: it would call each
 * mistake in a planted fault noticed.
 */
export async function runTestFiles(
  dir: string,
  files: readonly string[],
  { env, stopAtFirst = true }: { readonly env: NodeJS.ProcessEnv; readonly stopAtFirst?: boolean },
): Promise<TestsEnded> {
  const outputFile = join(dir, 'planted-report.json');
  await rm(outputFile, { force: true });
  const vitest = join(dir, 'node_modules', 'vitest', 'vitest.mjs');
  const options = ['--reporter=json', `--outputFile=${outputFile}`, ...(stopAtFirst ? ['--bail=1'] : [])];
  const child = spawn(process.execPath, [vitest, 'run', ...options, ...files], { cwd: dir, env });
  let output = '';
  const keep = (part: Buffer) => {
    output = (output + part.toString()).slice(-4_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);

  const text = await readFile(outputFile, 'utf8').catch(() => undefined);
  if (text === undefined) return { kind: 'broken', output };
  const { success, numTotalTests, testResults } = report.parse(JSON.parse(text));
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed');
  if (failed !== undefined) return { kind: 'failed', test: failed.fullName };
  return success && numTotalTests > 0 ? { kind: 'passed' } : { kind: 'broken', output };
}
