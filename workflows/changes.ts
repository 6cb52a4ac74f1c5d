import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import { signals } from '../src/domain/temporal-names.ts';

const articleChanged = defineSignal(signals.articleChanged);
const keyChanged = defineSignal(signals.keyChanged);

/** Edits that come in a burst are taken together once nobody has edited for this long. */
const quietMs = 1_000;
/** And an author who never pauses is served all the same. */
const longestWaitMs = 10_000;

export interface Changes {
  /** Whether anything has changed since the last `forget`. */
  readonly any: boolean;
  /** From here on only what changes next counts. */
  forget(): void;
  /** Waits until a burst of changes has gone quiet. */
  debounce(): Promise<void>;
}

/** Watches the signals by which the API tells of a changed article or key. */
export function watchChanges(): Changes {
  let count = 0;
  let forgotten = 0;
  const changed = () => {
    count += 1;
  };
  setHandler(articleChanged, changed);
  setHandler(keyChanged, changed);

  return {
    get any() {
      return count > forgotten;
    },
    forget() {
      forgotten = count;
    },
    async debounce() {
      const until = Date.now() + longestWaitMs;
      let seen: number;
      do {
        seen = count;
        await condition(() => count > seen, Math.min(quietMs, Math.max(until - Date.now(), 1)));
      } while (count > seen && Date.now() < until);
    },
  };
}
