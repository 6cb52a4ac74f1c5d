import type { Judge } from './decision.ts';

/** A write that asks the judge, once and inside its transaction, before it creates anything. */
export type JudgedWrite<T> = (judge: Judge) => Promise<T>;

export type Attempt<T> =
  | { readonly kind: 'written'; readonly result: T }
  /** The gate failed, and nothing was created. */
  | { readonly kind: 'failed'; readonly during: Stage; readonly error: unknown }
  /** The judge took too long: nothing is created, whatever it still says. */
  | { readonly kind: 'too_late' };

type Stage = 'comparing' | 'keeping';

/** Rolls the write back. */
class GateFailed extends Error {
  override readonly name = 'GateFailed';
  readonly stage: Stage;

  constructor(stage: Stage, cause?: unknown) {
    super('', { cause });
    this.stage = stage;
  }
}

/**
 * Runs the write with a judge who may fail, or may be given up. Patience is for the judge alone, from now on, a wait for a
 * connection included; a write that was judged in time takes the time that it takes. Fails as the write itself does.
 */
export async function attemptWrite<T>(
  write: JudgedWrite<T>,
  judge: Judge,
  timeoutMs?: number,
): Promise<Attempt<T>> {
  let state: 'waiting' | 'judged' | 'given_up' = 'waiting';
  const isGivenUp = () => state === 'given_up';
  const attempt = runWrite(write, async (tx, wanted) => {
    if (isGivenUp()) throw new GateFailed('comparing');
    const judgement = await orGateFailed('comparing', judge(tx, wanted));
    // Somebody has gone on without it, and may have created the article by now.
    if (isGivenUp()) throw new GateFailed('comparing');
    state = 'judged';
    if (judgement.kind === 'duplicate') return judgement;
    return {
      ...judgement,
      keep: (keeping, article) => orGateFailed('keeping', judgement.keep(keeping, article)),
    };
  });
  if (timeoutMs === undefined) return attempt;

  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Attempt<T>>((resolve) => {
    timer = setTimeout(() => {
      if (state !== 'waiting') return;
      state = 'given_up';
      resolve({ kind: 'too_late' });
    }, timeoutMs);
  });
  try {
    return await Promise.race([attempt, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function runWrite<T>(write: JudgedWrite<T>, judge: Judge): Promise<Attempt<T>> {
  try {
    return { kind: 'written', result: await write(judge) };
  } catch (error) {
    if (!(error instanceof GateFailed)) throw error;
    return { kind: 'failed', during: error.stage, error: error.cause };
  }
}

async function orGateFailed<T>(stage: Stage, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new GateFailed(stage, error);
  }
}
