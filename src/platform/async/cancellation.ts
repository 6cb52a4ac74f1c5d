import { AsyncLocalStorage } from 'node:async_hooks';

/** The signal of the work under way. A scope and not a parameter: it passes every service, and only the database reads it. */
const scope = new AsyncLocalStorage<AbortSignal | undefined>();

/** Runs work whose statements are cancelled when the signal aborts, because nobody waits for their result any more. */
export function cancelledBy<T>(signal: AbortSignal, work: () => T): T {
  return scope.run(signal, work);
}

/** Runs work that goes on although the request which began it has ended: others share it, or it is paid for. */
export function uncancelled<T>(work: () => T): T {
  return scope.run(undefined, work);
}

/** The signal that cancels the work under way, where one does. */
export function cancellation(): AbortSignal | undefined {
  return scope.getStore();
}
