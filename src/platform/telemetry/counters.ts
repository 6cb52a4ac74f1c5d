import { Counter, Histogram, type Registry } from 'prom-client';
import { type ClosedLabels, closeLabels, type LabelValues, seriesOf } from './closed-labels.ts';

interface Declaration<Name extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: ClosedLabels<Name>;
}

export interface CounterDeclaration<Name extends string> extends Declaration<Name> {
  /**
   * Whether every series starts at 0. A series that first appears at 1 shows no increase, so the series of alerts and
   * dashboards start at 0.
   */
  readonly fromZero?: boolean;
}

export interface HistogramDeclaration<Name extends string> extends Declaration<Name> {
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
}

export interface ClosedCounter<Name extends string> {
  inc(values: LabelValues<Name>, by?: number): void;
}

export interface ClosedHistogram<Name extends string> {
  observe(values: LabelValues<Name>, observed: number): void;
}

/** Registers a counter whose labels take their values from closed lists. */
export function createCounter<Name extends string>(
  registry: Registry,
  { name, help, labels, fromZero = false }: CounterDeclaration<Name>,
): ClosedCounter<Name> {
  const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [registry] });
  if (fromZero) for (const series of seriesOf(labels)) counter.inc(series, 0);
  return { inc: (values, by = 1) => counter.inc(closeLabels(labels, values), by) };
}

/** Registers a histogram whose labels take their values from closed lists. */
export function createHistogram<Name extends string>(
  registry: Registry,
  { name, help, labels, buckets }: HistogramDeclaration<Name>,
): ClosedHistogram<Name> {
  const histogram = new Histogram({
    name,
    help,
    labelNames: Object.keys(labels),
    buckets: [...buckets],
    registers: [registry],
  });
  return { observe: (values, observed) => histogram.observe(closeLabels(labels, values), observed) };
}
