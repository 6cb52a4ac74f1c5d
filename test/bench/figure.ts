/** One line of the result: what was measured, its floor of the same run, and how they compare. */
export interface Figure {
  readonly bench: string;
  readonly name: string;
  readonly unit: 'ms' | '/s' | '×' | 'MB';
  readonly measured: number;
  readonly floor: number;
  /** Measured by floor: for milliseconds less is better, for a rate more. */
  readonly ratio: number;
  /** What the ratio is to be; a figure without one explains the others. */
  readonly bar?: Bar;
}

export type Bar = { readonly atMost: number } | { readonly atLeast: number };

/** Makes a figure of two numbers. */
export function figure(from: Omit<Figure, 'ratio'>): Figure {
  return { ...from, ratio: from.measured / from.floor };
}

/** Whether the bar is met; undefined when there is none. */
export function meetsBar({ bar, ratio }: Figure): boolean | undefined {
  if (bar === undefined) return undefined;
  return 'atMost' in bar ? ratio <= bar.atMost : ratio >= bar.atLeast;
}
