import { failureTraits } from '../../../src/domain/failures.ts';
import type { ModelFault } from './model-faults.ts';
import { isMerge, type Use } from './uses.ts';

/** What is true of a tenant and of what its model was used for, after a fault. */
export interface ModelOutcome {
  /** The states of the job, the review or the classification; of a merge the answers to its requests. */
  readonly path: string;
  /** How its workflow has ended; `-` for a merge. */
  readonly workflow: string;
  /** Requests that reached the provider. */
  readonly calls: number;
  /** Rows of the ledger, of the calls that were answered as they should be. */
  readonly ledger: number;
  readonly breaker: string;
  /** The same use by another tenant, meanwhile. */
  readonly neighbour: string;
  /** `balanced`, or what is not. */
  readonly books: string;
}

/** How a use ends that goes well, and what its workflow returns. */
export const wellEnded = {
  document: 'completed',
  review: 'completed',
  classification: 'classified',
} as const;

/** What a fault comes to, by the table of failures. */
export function expectedOf(fault: ModelFault, use: Use): ModelOutcome {
  const { code, kind } = fault;
  return {
    path: isMerge(use) ? answersOf(fault) : pathOf(fault, use),
    workflow: isMerge(use) ? '-' : workflowOf(fault, use),
    calls: callsOf(fault, use),
    ledger: kind === 'passes' ? 1 : 0,
    breaker: failureTraits[code].countsForBreaker ? 'closed 1' : 'closed 0',
    neighbour: isMerge(use) ? '201' : wellEnded[use],
    books: 'balanced',
  };
}

function answersOf({ code, kind }: ModelFault): string {
  const refused = `${failureTraits[code].httpStatus} ${code}`;
  return kind === 'passes' ? `${refused} → 201` : refused;
}

function pathOf({ code, kind }: ModelFault, use: keyof typeof wellEnded): string {
  const during = { document: 'running', review: 'running', classification: 'pending' }[use];
  const begun = use === 'classification' ? [] : [during];
  // A job of nothing failed; of the others the tenant sees what it has to do.
  const stopped = use === 'document' ? 'failed' : failureTraits[code].article;
  const waits = `${during} ${code}`;
  switch (kind) {
    case 'stays':
      return [...begun, `${stopped} ${code}`].join(' → ');
    case 'waits':
      return [...begun, waits].join(' → ');
    case 'passes':
      return [...begun, ...(code === 'malformed_response' ? [] : [waits, ...begun]), wellEnded[use]].join(
        ' → ',
      );
    default:
      return kind satisfies never;
  }
}

function workflowOf({ code, kind }: ModelFault, use: keyof typeof wellEnded): string {
  if (kind === 'waits') return 'RUNNING';
  return kind === 'stays' ? `FAILED ${code}` : `COMPLETED ${wellEnded[use]}`;
}

function callsOf({ code, kind, calls }: ModelFault, use: Use): number {
  if (kind === 'waits') return 1;
  if (kind === 'passes') return 2;
  // A document's part and a review's passage are asked about once more, in halves.
  if (code === 'answer_cut') return use === 'document' || use === 'review' ? 3 : 1;
  return isMerge(use) ? 1 : (calls ?? 1);
}
