import { condition, workflowInfo } from '@temporalio/workflow';
import type { Busy } from '../src/domain/ingest-content.ts';
import type { Changes } from './changes.ts';
import { waitForOthers } from './waits.ts';

/** What a step answers beside its results: the tenant's slots are in use, or it is worth another try at once. */
type NotYet = Busy | { readonly kind: 'again' };

/** A change, or a history that has grown too long, has come between. */
export interface Interrupted {
  readonly kind: 'interrupted';
}

/** Who asks again while no slot is free, of steps that run side by side: one of them, and the others wait for it. */
export interface Turn {
  isTaken: boolean;
}

/**
 * Runs a step again for as long as the tenant's slots are in use, on timers that hold nothing of the worker, and once more where it
 * asks for that. A hundred documents of four parts at once would keep the workers busy with questions for slots: of the parts of a
 * document, which share a `turn`, one asks.
 */
export async function untilFree<Answer extends { readonly kind: string }>(
  changes: Changes,
  step: () => Promise<Answer | NotYet>,
  turn: Turn = { isTaken: false },
): Promise<Exclude<Answer, NotYet> | Interrupted> {
  let isMine = false;
  try {
    for (let times = 0; ; ) {
      const answer = await step();
      if (isBusy(answer)) {
        if (turn.isTaken && !isMine) await condition(() => changes.any || !turn.isTaken);
        else {
          turn.isTaken = isMine = true;
          await waitForOthers(answer, times, changes);
          times += 1;
        }
      } else if (isResult(answer)) return answer;
      if (isInterrupted(changes)) return { kind: 'interrupted' };
    }
  } finally {
    if (isMine) turn.isTaken = false;
  }
}

/** Whether the work under way is to end soon: something has changed, or the run is to be continued as a new one. */
export const isInterrupted = (changes: Changes) => changes.any || workflowInfo().continueAsNewSuggested;

const isBusy = (answer: { readonly kind: string }): answer is Busy => answer.kind === 'busy';

const isResult = <Answer extends { readonly kind: string }>(
  answer: Answer | NotYet,
): answer is Exclude<Answer, NotYet> => answer.kind !== 'busy' && answer.kind !== 'again';
