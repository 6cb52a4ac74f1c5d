import pLimit from 'p-limit';
import pg from 'pg';
import { composeService } from '../composed-service.ts';
import { type Evidence, readTables, readWorkflows } from '../evidence.ts';
import { type DocumentFault, fetcherFaults, parserFaults } from './document-faults.ts';
import { expectedOf } from './expected.ts';
import { type HostileServer, startHostileServer } from './hostile-server.ts';
import { modelFaults } from './model-faults.ts';
import { runDocumentFault } from './run-document-fault.ts';
import { createModelTenant, type ModelWorld, runModelFault } from './run-model-fault.ts';
import { installSubjectStates } from './subject-states.ts';
import { uses } from './uses.ts';

/** A case with what it must come to, and how it is tried. */
interface MatrixCase {
  readonly name: string;
  readonly expected: object;
  readonly isHeavy: boolean;
  run(world: ModelWorld, server: HostileServer): Promise<object>;
}

const documentCase = (fault: DocumentFault): MatrixCase => ({
  ...{ name: fault.name, expected: fault.expected, isHeavy: fault.isHeavy === true },
  run: (world, server) => runDocumentFault(world, server, fault),
});

/** Every case: each fault of the model in each of its uses, and each document that cannot be had or read. */
export const modelCases: readonly MatrixCase[] = [
  ...modelFaults.flatMap((fault) =>
    uses.map((use) => ({
      ...{ name: `${use}: ${fault.name}`, expected: expectedOf(fault, use) },
      isHeavy: fault.isHeavy === true,
      run: (world: ModelWorld) => runModelFault(world, fault, use),
    })),
  ),
  ...[...fetcherFaults, ...parserFaults].map(documentCase),
];

export interface ModelMatrixRun {
  /** What each case came to, or why it came to nothing. */
  readonly observed: ReadonlyMap<string, object | string>;
  readonly evidence: readonly Evidence[];
  readonly keys: readonly string[];
  readonly texts: readonly string[];
}

/** Everything short but longer than what it is compared with: an answer takes milliseconds here. */
const variables = {
  ANTHROPIC_WORKFLOW_TIMEOUT_MS: '4000',
  WORKER_MAX_ACTIVITIES: '60',
  DATABASE_POOL_SIZE: '20',
};

/** Runs all cases on one service. */
export async function runModelMatrix(): Promise<ModelMatrixRun> {
  const service = await composeService(variables, {});
  const owner = new pg.Pool({ connectionString: service.db.ownerUrl, max: 10 });
  const server = await startHostileServer();
  try {
    const states = await installSubjectStates(owner);
    const [keys, texts]: [string[], string[]] = [[], []];
    const [document, review, classification, merge] = [
      await createModelTenant({ service, keys }),
      await createModelTenant({ service, keys }),
      await createModelTenant({ service, keys }),
      await createModelTenant({ service, keys }),
    ];
    const world: ModelWorld = {
      ...{ service, owner, states, keys, texts, gently: pLimit(8) },
      neighbours: { document, review, classification, merge },
    };
    const observed = new Map<string, object | string>();
    const tryCase = async ({ name, run }: MatrixCase) =>
      void observed.set(name, await run(world, server).catch(describeError));
    // The light ones mostly wait. The heavy ones come after them, a few at a time.
    await Promise.all(modelCases.filter(({ isHeavy }) => !isHeavy).map(tryCase));
    const fewAtOnce = pLimit(3);
    await fewAtOnce.map(
      modelCases.filter(({ isHeavy }) => isHeavy),
      tryCase,
    );
    const evidence = [
      ...(await readTables(owner)),
      ...(await readWorkflows(service.services.temporal.client, service.environment.TEMPORAL_TASK_QUEUE)),
      { place: 'log', text: service.logLines.join('') },
      { place: 'metrics', text: await service.metrics.scrape() },
      { place: 'answers', text: service.answers.join('\n') },
    ];
    return { observed, evidence, keys, texts };
  } finally {
    server.close();
    await owner.end();
    await service.close();
  }
}

/** One case's failure must not hide the others. */
const describeError = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
