import type { Caller } from '../../domain/operations.ts';
import type { Held } from './breaker-store.ts';
import { type Verdict, verdictForRow } from './verdict.ts';

/** The permission to make one call, of each row that the caller heeds. */
export interface Permit {
  readonly kind: 'permit';
  /** Whether the call probes a half-open row. */
  readonly probe: boolean;
  readonly rows: readonly (Held & { readonly caller: Caller })[];
}

/**
 * The rows that refuse a caller. What is too slow for a person says nothing about the provider for a workflow, but a provider
 * that fails for a workflow fails for a person, too.
 */
export const heededBy: Readonly<Record<Caller, readonly Caller[]>> = {
  background: ['background'],
  interactive: ['background', 'interactive'],
};

/** The permit of a caller whose rows were all seen closed, with these epochs. */
export const closedPermit = (caller: Caller, epochs: Readonly<Record<Caller, string>>): Permit => ({
  kind: 'permit',
  probe: false,
  rows: heededBy[caller].map((row) => ({ caller: row, epoch: epochs[row], probe: false })),
});

/** Whether a call that ends so changes no row of the breaker. */
export const changesNothing = (permit: Permit, verdict: Verdict): boolean =>
  permit.rows.every(({ caller, probe }) => !probe && verdictForRow(caller, verdict).kind !== 'failed');
