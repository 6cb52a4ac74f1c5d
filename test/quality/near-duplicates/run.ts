import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSamples } from '../../../src/stack/samples/index.ts';
import { startStack } from '../../../src/stack/stack.ts';
import { embedTexts } from './embedded-texts.ts';
import { measureFormulas, measureGate } from './measurement.ts';
import { loadProposals } from './proposals.ts';
import { describeFormulas, describeKinds } from './table.ts';

const venvDir = join(import.meta.dirname, '..', '..', '..', '.stack', 'venv');
const log = (line: string) => process.stderr.write(`${line}\n`);

/** `npm run bench:gate`: all formulas on all proposals, with the local model, in a few minutes. Answers the exit code. */
export async function runNearDuplicates(): Promise<number> {
  log('starting the servers …');
  const stack = await startStack({
    dir: join(tmpdir(), `lorekeep-gate-${process.pid}-${randomBytes(4).toString('hex')}`),
    venvDir,
    mode: 'ephemeral',
    // Of the person's environment nothing: it might name another embedding server.
    env: {},
    log: () => undefined,
  });
  const stopped = new Promise<undefined>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(undefined));
  });
  try {
    const report = await Promise.race([measure(stack.embeddingUrl), stopped]);
    if (report === undefined) return 130;
    process.stdout.write(report);
    return 0;
  } catch (error) {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  } finally {
    await stack.stop();
  }
}

async function measure(embeddingUrl: string): Promise<string> {
  const samples = await loadSamples();
  const proposals = await loadProposals(samples);
  const articles = [...samples, ...proposals.map(({ article }) => article)];
  const embedded = await embedTexts(embeddingUrl, articles, (done, all) => {
    if (done % 100 === 0) log(`${done} of ${all} chunks are embedded`);
  });
  const material = { samples, proposals, embedded };
  return `${[
    `${proposals.length} proposals to ${samples.length} articles`,
    describeFormulas(measureFormulas(material)),
    'The gate, by words and by the service’s formula:',
    describeKinds(measureGate(material)),
  ].join('\n\n')}\n`;
}
