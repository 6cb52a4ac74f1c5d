import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { plantedFaults } from './all-areas.ts';
import type { PlantedFault } from './planted-fault.ts';
import { copyProject, type ProjectCopy } from './project-copy.ts';
import { runTestFiles, type TestsEnded } from './run-test-files.ts';
import { startStandingServices } from './standing-services.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** The least share of the faults that must be noticed. */
const leastNoticed = 0.95;
const usage = 'npm run test:faults -- --planted [--list] [area …]';

const say = (line: string) => void writeSync(1, `${line}\n`);

/**
 * Plants each fault in a copy of the project and runs the tests that must notice it. Prints a line for each fault and the sum.
 * Resolves with the exit code: 1 when fewer than 95 % are noticed, or when a test fails without any fault.
 */
export async function runPlanted({
  args,
  env,
}: {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}): Promise<number> {
  const areas = args.filter((arg) => !arg.startsWith('--'));
  const unknown = [
    ...areas.filter((area) => !plantedFaults.has(area)),
    ...args.filter((arg) => arg.startsWith('--') && !['--planted', '--list'].includes(arg)),
  ];
  if (unknown.length > 0) {
    say(`not known: ${unknown.join(', ')}. ${usage}. Areas: ${[...plantedFaults.keys()].join(', ')}`);
    return 2;
  }
  const chosen = [...plantedFaults].filter(([area]) => areas.length === 0 || areas.includes(area));
  const faults = chosen.flatMap(([area, list]) => list.map((fault) => ({ area, fault })));
  if (args.includes('--list')) {
    for (const { area, fault } of faults) say(`${lineOf(area, fault)} (${fault.file})`);
    say(`${faults.length} faults`);
    return 0;
  }

  const [services, copy] = await Promise.all([startStandingServices(root, env), copyProject(root)]);
  const endNow = () => {
    void Promise.allSettled([services.stop(), copy.remove()]).then(() => process.exit(130));
  };
  process.once('SIGINT', endNow);
  process.once('SIGTERM', endNow);
  try {
    const tests = [...new Set(faults.flatMap(({ fault }) => fault.tests))];
    say(`without a fault: ${tests.length} test files`);
    const before = await runTestFiles(copy.dir, tests, { env: services.env, stopAtFirst: false });
    if (before.kind !== 'passed') {
      say(`  ${before.kind === 'failed' ? `fails: ${before.test}` : before.output}`);
      return 1;
    }
    let noticed = 0;
    for (const { area, fault } of faults) {
      const ended = await tryFault(copy, fault, services.env);
      if (ended.kind === 'failed') noticed += 1;
      say(`${verdictOn(ended)} ${lineOf(area, fault)}${remarkOn(ended)}`);
    }
    const share = noticed / faults.length;
    say(`${noticed} of ${faults.length} planted faults noticed (${(100 * share).toFixed(1)} %)`);
    return share >= leastNoticed ? 0 : 1;
  } finally {
    await services.stop();
    await copy.remove();
  }
}

async function tryFault(copy: ProjectCopy, fault: PlantedFault, env: NodeJS.ProcessEnv): Promise<TestsEnded> {
  const takeOut = await copy.plant(fault);
  try {
    return await runTestFiles(copy.dir, fault.tests, { env });
  } finally {
    await takeOut();
  }
}

function lineOf(area: string, { why }: PlantedFault): string {
  return `${area}: ${why}`;
}

function verdictOn({ kind }: TestsEnded): string {
  switch (kind) {
    case 'failed':
      return 'noticed  ';
    case 'passed':
      return 'UNNOTICED';
    case 'broken':
      return 'BROKEN   ';
    default:
      return kind satisfies never;
  }
}

function remarkOn(ended: TestsEnded): string {
  switch (ended.kind) {
    case 'failed':
      return `\n            by: ${ended.test}`;
    case 'passed':
      return '';
    case 'broken':
      return `\n${ended.output}`;
    default:
      return ended satisfies never;
  }
}
