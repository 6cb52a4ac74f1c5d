import { Gauge, type Registry } from 'prom-client';
import { createSharedCache } from '../async/shared-cache.ts';
import { withTimeout } from '../async/with-timeout.ts';
import type { Transaction } from '../postgres/database.ts';
import { type ClosedLabels, closeLabels, type LabelValues, seriesOf } from './closed-labels.ts';

export interface GaugeValue<Name extends string> {
  readonly labels: LabelValues<Name>;
  readonly value: number;
}

/** A gauge of a part of a feature's state. */
export interface StateGauge<State, Name extends string = string> {
  readonly name: string;
  readonly help: string;
  readonly labels: ClosedLabels<Name>;
  /** Whether every series is shown, with 0 for a series that the state has no value for. */
  readonly fromZero?: boolean;
  /** The values of the series; several values of one series are added up. */
  values(state: State): readonly GaugeValue<Name>[];
}

/** A feature's state over all tenants, as numbers. */
export interface FeatureState<State> {
  /** Reads the feature's own tables, in the metrics scope. It may reject and it may hang. */
  read(tx: Transaction): Promise<State>;
  readonly gauges: readonly StateGauge<State>[];
}

export interface StateGauges {
  /** Registers the gauges of a feature. */
  register<State>(feature: FeatureState<State>): void;
}

export interface StateGaugesOptions {
  /** Runs all reads of a scrape in one transaction. */
  readonly inTransaction: <T>(reads: (tx: Transaction) => Promise<T>) => Promise<T>;
  /** How long a read is cached, in milliseconds (15,000): scrapes within that time cost nothing. */
  readonly cacheMs?: number;
  /** The longest that a scrape waits, in milliseconds (2,000). */
  readonly timeoutMs?: number;
}

/** The values of each gauge, by its name. */
type Shown = ReadonlyMap<string, readonly GaugeValue<string>[]>;

/**
 * Gauges that are read from the database at a scrape. During an outage of the database they are absent and
 * `lorekeep_state_readable` is 0, since old numbers would look like a calm service. Every process shows the same numbers, so a
 * query takes their maximum.
 */
export function createStateGauges(registry: Registry, options: StateGaugesOptions): StateGauges {
  const { inTransaction, cacheMs = 15_000, timeoutMs = 2_000 } = options;
  const reads: ((tx: Transaction) => Promise<Shown>)[] = [];
  // All gauges of a scrape, and concurrent scrapes, share one read.
  const cache = createSharedCache<Shown | undefined>({
    ttlMs: cacheMs,
    maxSize: 1,
    sizeOf: () => 1,
    worthKeeping: (shown) => shown !== undefined,
  });

  const readAll = async (tx: Transaction): Promise<Shown> => {
    const parts = await Promise.all(reads.map((read) => read(tx)));
    return new Map(parts.flatMap((part) => [...part]));
  };
  const current = () =>
    cache.get('state', async () => {
      try {
        return await withTimeout(inTransaction(readAll), timeoutMs, undefined);
      } catch {
        return undefined;
      }
    });

  const addGauge = (name: string, help: string, labels: ClosedLabels<string>, fromZero: boolean) => {
    const labelNames = Object.keys(labels);
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const shown = await current();
        gauge.reset();
        // `reset` sets a gauge without labels to 0; `remove` makes it absent.
        if (labelNames.length === 0) gauge.remove();
        if (shown === undefined) return;
        if (fromZero) for (const series of seriesOf(labels)) gauge.inc(series, 0);
        for (const each of shown.get(name) ?? []) gauge.inc(closeLabels(labels, each.labels), each.value);
      },
    });
  };
  const readable = new Gauge({
    name: 'lorekeep_state_readable',
    help: 'Whether the gauges of the database’s state could be read: 1 or 0',
    registers: [registry],
    async collect() {
      readable.set((await current()) === undefined ? 0 : 1);
    },
  });

  return {
    register({ read, gauges }) {
      reads.push(async (tx) => {
        const state = await read(tx);
        return new Map(gauges.map((gauge) => [gauge.name, gauge.values(state)]));
      });
      for (const { name, help, labels, fromZero = false } of gauges) addGauge(name, help, labels, fromZero);
    },
  };
}
