import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import { signals } from '../src/domain/temporal-names.ts';

const articleChanged = defineSignal(signals.articleChanged);
const keyChanged = defineSignal(signals.keyChanged);
const jobChanged = defineSignal(signals.jobChanged);

/** A burst of changes ends once no signal has come for this long, so that one pass serves the whole burst. */
const debounceMs = 1_000;
/** The longest debounce: an author who never pauses must not delay the pass forever. */
const maxDebounceMs = 10_000;

/** The signals that a workflow has received. */
export interface Changes {
  /** Whether a signal has come since the last `reset`. */
  readonly any: boolean;
  /** Ignores the signals so far: a pass that starts now reads their changes. */
  reset(): void;
  /** Waits until no signal has come for a second, and at most ten seconds. */
  debounce(): Promise<void>;
}

/** Counts the signals of a change, whatever has changed. Call it once, at the start of a workflow. */
export function watchChanges(): Changes {
  let count = 0;
  let countAtReset = 0;
  const changed = () => {
    count += 1;
  };
  setHandler(articleChanged, changed);
  setHandler(keyChanged, changed);
  setHandler(jobChanged, changed);

  return {
    get any() {
      return count > countAtReset;
    },
    reset() {
      countAtReset = count;
    },
    async debounce() {
      const deadline = Date.now() + maxDebounceMs;
      let countBefore: number;
      do {
        countBefore = count;
        const waitMs = Math.min(debounceMs, Math.max(deadline - Date.now(), 1));
        await condition(() => count > countBefore, waitMs);
      } while (count > countBefore && Date.now() < deadline);
    },
  };
}
