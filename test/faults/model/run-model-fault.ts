import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { LimitFunction } from 'p-limit';
import type pg from 'pg';
import { eventually } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';
import { canaryKey } from '../canaries.ts';
import type { ComposedService } from '../composed-service.ts';
import { asksNeighbour, expectedOf, type ModelOutcome, wellEnded } from './expected.ts';
import { readBooks } from './model-books.ts';
import type { ModelFault } from './model-faults.ts';
import type { SubjectStates } from './subject-states.ts';
import { begin, isMerge, prepareMerge, type Use, workflowIdOf } from './uses.ts';

/** What the faults of the model share. */
export interface ModelWorld {
  readonly service: ComposedService;
  readonly owner: pg.Pool;
  readonly states: SubjectStates;
  /** The healthy tenant of each use. */
  readonly neighbours: Readonly<Record<Use, ModelTenant>>;
  /** Few faults begin at a time: what is tried is the fault, not a rush. */
  readonly gently: LimitFunction;
  /** Every key and every text that the service was given. */
  readonly keys: string[];
  readonly texts: string[];
}

export interface ModelTenant {
  readonly tenant: TestTenant;
  readonly key: string;
}

/** A tenant with a key of Anthropic's that nobody else has. */
export async function createModelTenant({ service, keys }: Pick<ModelWorld, 'service' | 'keys'>) {
  const tenant = await service.createTenant();
  const key = canaryKey();
  keys.push(key);
  await tenant.setAnthropicKey(key);
  return { tenant, key };
}

/** One fault of one tenant's model in one use, from before it to after it. */
export async function runModelFault(world: ModelWorld, fault: ModelFault, use: Use): Promise<ModelOutcome> {
  const { service, gently } = world;
  const victim = await gently(() => createModelTenant(world));
  service.twin.script(victim.key, fault.steps, fault.otherwise);
  const expected = expectedOf(fault, use);
  const words = wordsOf(world);
  const [ended, neighbour] = await gently(() =>
    Promise.all([
      isMerge(use)
        ? mergeTwice(world, victim, fault, words)
        : begin(service, victim.tenant, use, words).then((id) => ({ use, id })),
      asksNeighbour(fault, use) ? askNeighbour(world, use) : '-',
    ]),
  );
  const { path, workflow } =
    'id' in ended ? await untilState(world, victim, ended, expected) : { path: ended.path, workflow: '-' };
  const calls = service.twin.callsOf(victim.key).length;
  return { path, workflow, calls, neighbour, ...(await readBooks(world, victim)) };
}

/** A text that stands nowhere else, and is looked for at the end. */
export function wordsOf({ texts }: Pick<ModelWorld, 'texts'>): string {
  const words = canaryKey();
  texts.push(words);
  return words;
}

async function mergeTwice(
  { service }: ModelWorld,
  { tenant }: ModelTenant,
  { kind }: ModelFault,
  words: string,
): Promise<{ readonly path: string }> {
  const merge = await prepareMerge(service, tenant, words);
  const first = await merge();
  return { path: kind === 'passes' ? `${first} → ${await merge()}` : first };
}

/** Uses the model of the healthy tenant, and says how it ended, and by how many calls if not by one. */
async function askNeighbour(world: ModelWorld, use: Use): Promise<string> {
  const { service, states, neighbours } = world;
  const { tenant, key } = neighbours[use];
  const words = wordsOf(world);
  let end: string;
  if (isMerge(use)) end = await (await prepareMerge(service, tenant, words))();
  else {
    const id = await begin(service, tenant, use, words);
    await states.until(id, wellEnded[use]);
    end = wellEnded[use];
  }
  const calls = service.twin.callsOf(key).filter(({ inputs }) => inputs.join().includes(words)).length;
  return calls === 1 ? end : `${end} by ${calls} calls`;
}

async function untilState(
  { service, states }: ModelWorld,
  { tenant }: ModelTenant,
  { use, id }: { readonly use: Exclude<Use, 'merge'>; readonly id: string },
  expected: ModelOutcome,
) {
  await states.until(id, expected.path.split(' → ').at(-1) ?? '');
  const handle = service.services.temporal.client.workflow.getHandle(workflowIdOf[use](tenant.id, id));
  if (expected.workflow !== 'RUNNING')
    await eventually(async () => ((await handle.describe()).status.name === 'RUNNING' ? undefined : true));
  return { path: await states.pathOf(id), workflow: await describeWorkflow(handle) };
}

/** How a workflow has ended: with the outcome, or with the code. */
export async function describeWorkflow(handle: {
  describe(): Promise<{ readonly status: { readonly name: string } }>;
  result(): Promise<{ readonly outcome: string }>;
}): Promise<string> {
  const { status } = await handle.describe();
  if (status.name === 'COMPLETED') return `COMPLETED ${(await handle.result()).outcome}`;
  if (status.name !== 'FAILED') return status.name;
  const cause = await handle
    .result()
    .catch((error: unknown) => (error instanceof WorkflowFailedError ? error.cause : undefined));
  return `FAILED ${cause instanceof ApplicationFailure ? cause.type : 'otherwise'}`;
}
