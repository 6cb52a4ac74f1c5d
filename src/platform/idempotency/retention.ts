import { retentionOf } from '../retention/expired-rows-store.ts';
import { answersKeptMs } from './store.ts';

/** The end of stored answers: a client that repeats a request does it within the day. */
export const answerRetention = retentionOf({
  table: 'idempotency_keys',
  keptMs: answersKeptMs,
  since: 'created_at',
});
