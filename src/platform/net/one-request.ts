import type { Dispatcher } from 'undici';
import { errorsWithin } from './errors-within.ts';

/** Thrown in place of the second request of one `fetch`. */
class Misdirected extends Error {
  override readonly name = 'Misdirected';
}

/**
 * Wraps a dispatcher for one `fetch`. By its standard `fetch` sends a request once more where the answer is 421 (misdirected), which
 * nobody would see or count. That second request is not sent.
 */
export function oneRequest(dispatcher: Dispatcher): Dispatcher {
  let sent = false;
  return dispatcher.compose((dispatch) => (options, handler) => {
    if (sent) throw new Misdirected();
    sent = true;
    return dispatch(options, handler);
  });
}

/** Whether a `fetch` has ended because its request was answered with 421. Never throws. */
export const isMisdirected = (thrown: unknown): boolean =>
  errorsWithin(thrown).some(({ error }) => error instanceof Misdirected);
