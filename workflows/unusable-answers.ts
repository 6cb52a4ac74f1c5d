import type { KeyReference } from '../src/domain/operations.ts';
import { failureCodeOf } from './failure-code.ts';

/** A text as it was asked for: with which key, of which target. */
interface Asked {
  readonly key: KeyReference;
  readonly contentHash: string;
}

/** What a run has asked for in vain: answers that cannot be used are paid for, and the step has asked once more already. */
export interface UnusableAnswers {
  /** Makes the call, and remembers it if its answer cannot be used. */
  watch<T>(asked: Asked, call: () => Promise<T>): Promise<T>;
  /** Remembers an answer that cannot be used. */
  note(asked: Asked): void;
  /** Whether the same call was in vain. Another text, key or target is another call. */
  had(asked: Asked): boolean;
}

/** Creates the memory of one run. Without it a signal that changes nothing would buy the same answers again. */
export function rememberUnusableAnswers(): UnusableAnswers {
  let inVain: string | undefined;
  return {
    async watch(asked, call) {
      try {
        return await call();
      } catch (error) {
        if (failureCodeOf(error) === 'malformed_response') inVain = nameOf(asked);
        throw error;
      }
    },
    note(asked) {
      inVain = nameOf(asked);
    },
    had: (asked) => inVain === nameOf(asked),
  };
}

const nameOf = ({ key, contentHash }: Asked) => `${contentHash} ${key.targetId} ${key.keyVersion}`;
