import { retentionOf } from '../platform/retention/expired-rows-store.ts';
import { cursorsKeptMs } from './cursor-store.ts';

/** The end of the cursors that are stored: after it a client begins again. */
export const cursorRetention = retentionOf({
  table: 'search_cursors',
  keptMs: cursorsKeptMs,
  since: 'created_at',
});
