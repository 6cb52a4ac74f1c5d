import type { Registry } from 'prom-client';
import type { Database } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { createRetentionMetrics } from './metrics.ts';
import { createRetentionService, type Retention } from './retention.ts';
import { tableEnds } from './table-ends.ts';

/** Wires retention: the rules of every room, and the sweep that follows them. */
export function createRetention(deps: {
  readonly database: Database;
  readonly registry: Registry;
  /** How long audit rows are kept; for ever when it is undefined. */
  readonly auditDays: number | undefined;
  readonly log: Pick<Logger, 'warn'>;
}): Retention {
  const rules = Object.values(tableEnds(deps.auditDays)).flatMap((end) =>
    end.kind === 'retention' ? [end.rule] : [],
  );
  const metrics = createRetentionMetrics(
    deps.registry,
    rules.map(({ table }) => table),
  );
  return createRetentionService({ database: deps.database, metrics, rules, log: deps.log });
}
