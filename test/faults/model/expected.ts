import { failureTraits } from '../../../src/domain/failures.ts';
import { type ModelFault, modelFaults } from './model-faults.ts';
import { isMerge, type Use, uses } from './uses.ts';

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
  /** The same use by another tenant, meanwhile; `-` where it is not asked. */
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
    ledger: kind === 'passes' && !isPaused(fault, use) ? 1 : 0,
    breaker: failureTraits[code].countsForBreaker ? 'closed 1' : 'closed 0',
    neighbour: asksNeighbour(fault, use) ? wellAnswered(use) : '-',
    books: 'balanced',
  };
}

/** Whether a healthy tenant does the same meanwhile: in one use of each fault, in all of them by turns. */
export const asksNeighbour = (fault: ModelFault, use: Use): boolean =>
  uses[modelFaults.indexOf(fault) % uses.length] === use;

const wellAnswered = (use: Use) => (isMerge(use) ? '201' : wellEnded[use]);

function answersOf({ code, kind }: ModelFault): string {
  const refused = `${failureTraits[code].httpStatus} ${code}`;
  if (kind !== 'passes') return refused;
  // A request for the same pair, at once: a key that is paused makes no call.
  return `${refused} → ${code === 'provider_rate_limited' ? refused : '201'}`;
}

function pathOf({ code, kind }: ModelFault, use: keyof typeof wellEnded): string {
  const during = { document: 'running', review: 'running', classification: 'pending' }[use];
  const begun = use === 'classification' ? [] : [during];
  // A job of which nothing came has failed; of a review and a category the tenant sees what it has to do.
  const stopped = use === 'document' ? 'failed' : failureTraits[code].article;
  const troubled = showsTrouble({ code, kind }, use) ? [`${during} ${code}`] : [];
  switch (kind) {
    case 'stays':
      return [...begun, ...troubled, `${stopped} ${code}`].join(' → ');
    case 'waits':
      return [...begun, ...troubled].join(' → ');
    case 'passes':
      return [...begun, ...troubled, ...(troubled.length > 0 ? begun : []), wellEnded[use]].join(' → ');
    default:
      return kind satisfies never;
  }
}

/** Whether the code is seen while it goes on. An answer of another shape is asked for once more, of a document without a wait. */
function showsTrouble(
  { code, kind }: Pick<ModelFault, 'code' | 'kind'>,
  use: keyof typeof wellEnded,
): boolean {
  if (code === 'malformed_response') return use !== 'document';
  if (kind !== 'stays') return true;
  return use === 'review' && failureTraits[code].who !== 'author';
}

function workflowOf({ code, kind }: ModelFault, use: keyof typeof wellEnded): string {
  if (kind === 'waits') return 'RUNNING';
  return kind === 'stays' ? `FAILED ${code}` : `COMPLETED ${wellEnded[use]}`;
}

/** Whether the second request of a merge comes while the key is paused. */
const isPaused = ({ code }: ModelFault, use: Use) => isMerge(use) && code === 'provider_rate_limited';

function callsOf(fault: ModelFault, use: Use): number {
  const { code, kind, calls } = fault;
  if (kind === 'waits' || isPaused(fault, use)) return 1;
  if (kind === 'passes') return 2;
  // A document's part and a review's passage are asked about once more, in halves.
  if (code === 'answer_cut') return use === 'document' || use === 'review' ? 3 : 1;
  return isMerge(use) ? 1 : (calls ?? 1);
}
