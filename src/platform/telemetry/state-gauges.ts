import { Gauge, type Registry } from 'prom-client';
import { failureCodes } from '../../domain/failures.ts';
import { providers } from '../../domain/operations.ts';
import { withTimeout } from '../async/with-timeout.ts';
import { closed } from './service-metrics.ts';

/** The service's state over all tenants, as numbers; what a scrape reads from the database. */
export interface ServiceState {
  readonly breakers: readonly { readonly provider: string; readonly state: string; readonly count: number }[];
  readonly articles: readonly {
    readonly status: string;
    readonly reason: string | null;
    readonly count: number;
  }[];
  readonly outbox: { readonly rows: number; readonly oldestSeconds: number };
  readonly calls: {
    /** Answered, and not in the ledger after five minutes. */
    readonly missingFromLedger: number;
    /** Begun more than five minutes ago and not ended. */
    readonly open: number;
    /** Of the last day, given up without an outcome. */
    readonly unknown: number;
  };
}

export interface StateGaugesOptions {
  /** Reads the state; may fail and may hang. */
  read(): Promise<ServiceState>;
  /** How long what was read is good: scrapes within it cost nothing. */
  readonly keepMs?: number;
  /** Longer than this no scrape waits. */
  readonly timeoutMs?: number;
}

export const breakerStates = ['closed', 'open', 'half_open'] as const;
export const embeddingStatuses = ['not_applicable', 'pending', 'embedded', 'blocked', 'failed'] as const;

/**
 * Registers gauges that are read from the database when they are scraped. While it does not answer they are absent, and
 * `lorekeep_state_readable` is 0: an old number would look like a calm service. Every process shows the same numbers, so
 * a query takes their maximum.
 */
export function registerStateGauges(registry: Registry, options: StateGaugesOptions): void {
  const { keepMs = 15_000, timeoutMs = 2_000 } = options;
  let kept: { readonly state: ServiceState; readonly untilMs: number } | undefined;
  let reading: Promise<ServiceState | undefined> | undefined;

  const readAnew = async (): Promise<ServiceState | undefined> => {
    try {
      const state = await withTimeout(options.read(), timeoutMs, undefined);
      if (state !== undefined) kept = { state, untilMs: performance.now() + keepMs };
      return state;
    } catch {
      return undefined;
    } finally {
      reading = undefined;
    }
  };
  /** One read for all gauges of a scrape, and for scrapes at the same time. */
  const current = (): Promise<ServiceState | undefined> => {
    if (kept !== undefined && performance.now() < kept.untilMs) return Promise.resolve(kept.state);
    reading ??= readAnew();
    return reading;
  };

  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    show: (state: ServiceState, set: (labels: Record<Label, string>, value: number) => void) => void,
  ) => {
    const made: Gauge<Label> = new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const state = await current();
        made.reset();
        // `reset` gives a gauge without labels the value 0.
        if (labelNames.length === 0) made.remove();
        if (state !== undefined) show(state, (labels, value) => made.inc(labels, value));
      },
    });
  };

  gauge(
    'lorekeep_breakers',
    'Breakers of tenants’ current keys, by state',
    ['provider', 'state'],
    (state, set) => {
      for (const provider of providers) {
        for (const each of breakerStates) set({ provider, state: each }, 0);
      }
      for (const { provider, state: each, count } of state.breakers) {
        set({ provider: closed(providers, provider), state: closed(breakerStates, each) }, count);
      }
    },
  );
  gauge(
    'lorekeep_articles',
    'Articles by the status of their embedding',
    ['embedding_status'],
    (state, set) => {
      for (const each of embeddingStatuses) set({ embedding_status: each }, 0);
      for (const { status, count } of state.articles) {
        set({ embedding_status: closed(embeddingStatuses, status) }, count);
      }
    },
  );
  gauge(
    'lorekeep_articles_stopped',
    'Blocked and failed articles by reason',
    ['embedding_status', 'reason'],
    (state, set) => {
      for (const { status, reason, count } of state.articles) {
        if (status !== 'blocked' && status !== 'failed') continue;
        set({ embedding_status: status, reason: closed(failureCodes, reason ?? '') }, count);
      }
    },
  );
  gauge('lorekeep_outbox_rows', 'Signals to workflows that wait to be sent', [], ({ outbox }, set) =>
    set({}, outbox.rows),
  );
  gauge('lorekeep_outbox_oldest_seconds', 'Age of the oldest signal that waits', [], ({ outbox }, set) =>
    set({}, outbox.oldestSeconds),
  );
  gauge(
    'lorekeep_ledger_missing_calls',
    'Answered calls of the last day that are not in the ledger after 5 minutes',
    [],
    ({ calls }, set) => set({}, calls.missingFromLedger),
  );
  gauge('lorekeep_call_records_open', 'Call records without an end after 5 minutes', [], ({ calls }, set) =>
    set({}, calls.open),
  );
  gauge(
    'lorekeep_call_records_unknown',
    'Calls of the last day whose outcome nobody knows',
    [],
    ({ calls }, set) => set({}, calls.unknown),
  );
  const readable = new Gauge({
    name: 'lorekeep_state_readable',
    help: 'Whether the gauges of the database’s state could be read: 1 or 0',
    registers: [registry],
    async collect() {
      readable.set((await current()) === undefined ? 0 : 1);
    },
  });
}
