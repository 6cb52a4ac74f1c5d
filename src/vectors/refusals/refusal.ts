/** Why a batch was refused. All but `server_error` say that it is too large or that a text of it is at fault. */
export const refusalCauses = ['too_many_inputs', 'too_many_tokens', 'input', 'server_error'] as const;
export type RefusalCause = (typeof refusalCauses)[number];

/** What is known of a chunk that was refused, alone or in a batch. */
export interface Refusal {
  /** The most chunks of a further batch with this one. 0: it was refused alone, and is not sent again. */
  readonly largestBatch: number;
  readonly cause: RefusalCause;
  /** The refused batch that the chunk was in last. */
  readonly groupId: string;
  /** Whether no part of that batch has been refused since. */
  readonly whole: boolean;
  /** The largest part of that batch that has passed, in chunks; in likely tokens where the provider said that those were too many. */
  readonly passedBatch: number;
  /** How often in a row the provider has failed on a batch with the chunk; since it is sent alone, on the chunk itself and once more. */
  readonly failures: number;
}

/** Refusals by chunk hash. */
export type Refusals = ReadonlyMap<string, Refusal>;

/** Whether the chunk was refused alone. */
export const isRejected = (refusal: Refusal | undefined): boolean => refusal?.largestBatch === 0;

/** A batch of so many failures in a row is divided, if the provider is well otherwise. */
const dividedAfter = 2;
/** A text of so many failures in a row is rejected, if the provider is well otherwise. */
const rejectedAfter = 3;

/**
 * What the refusal of a batch changes: the rows of its chunks, and those of the batches that its chunks were in before. `rows` has
 * all of them. The batch is halved, and a chunk that was refused alone is rejected. A failure of the server is one of the text
 * only if the provider answers other calls (`isWell`) and the batch has failed before.
 */
export function afterRefusal(
  rows: Refusals,
  batch: readonly string[],
  refused: { readonly cause: RefusalCause; readonly groupId: string; readonly isWell: boolean },
): Map<string, Refusal> {
  const { cause, groupId } = refused;
  const changed = new Map<string, Refusal>();
  const before = batch.flatMap((hash) => rows.get(hash) ?? []);
  const groups = new Set(before.map((row) => row.groupId));
  for (const [hash, row] of rows)
    if (groups.has(row.groupId) && row.whole) changed.set(hash, { ...row, whole: false });

  const failedBefore = Math.max(0, ...before.map(({ failures }) => failures));
  const failures = cause === 'server_error' ? failedBefore + 1 : failedBefore;
  const largestBatch = sizeAfter(batch.length, failures, refused);
  // Whose failures were those of a batch is not known to be at fault itself: it is sent alone twice more.
  const isAloneNow = largestBatch === 1 && batch.length > 1;
  for (const hash of batch) {
    changed.set(hash, {
      ...{ largestBatch, cause, groupId, whole: true, passedBatch: 0 },
      failures: isAloneNow ? Math.min(failures, 1) : failures,
    });
  }
  return changed;
}

function sizeAfter(
  size: number,
  failures: number,
  { cause, isWell }: { readonly cause: RefusalCause; readonly isWell: boolean },
): number {
  // Rounded up, so that the batch becomes two.
  const half = size === 1 ? 0 : Math.ceil(size / 2);
  if (cause !== 'server_error') return half;
  return isWell && failures >= (size === 1 ? rejectedAfter : dividedAfter) ? half : size;
}

/** A size of requests that the provider takes, where it refused a larger one. */
export interface LearnedSize {
  readonly of: 'inputs' | 'tokens';
  /** The largest part of the refused batch, in chunks or in likely tokens. */
  readonly most: number;
}

/** The size of a batch that has passed. */
export interface PassedSize {
  readonly chunks: number;
  /** Likely tokens of all chunks. */
  readonly tokens: number;
}

/**
 * What the passing of a batch changes, whose own rows end: the other rows of the batches that its chunks were in, and what it
 * teaches of the target. `rows` has all of them. The size of a refused batch was at fault if all of its chunks have passed, in parts:
 * otherwise a text was, whatever the provider says, and a part without it is no measure.
 */
export function afterPass(
  rows: Refusals,
  batch: readonly string[],
  tokens: number,
): { readonly changed: Map<string, Refusal>; readonly learned: LearnedSize | undefined } {
  const passed = new Set(batch);
  const before = batch.flatMap((hash) => rows.get(hash) ?? []);
  const groups = new Set(before.map((row) => row.groupId));
  const others = [...rows].filter(([hash, { groupId }]) => groups.has(groupId) && !passed.has(hash));
  const size = { chunks: batch.length, tokens };
  const changed = new Map(
    others.map(([hash, row]) => [
      hash,
      { ...row, passedBatch: Math.max(row.passedBatch, sizeFor(row, size)) },
    ]),
  );
  return { changed, learned: others.length === 0 ? learnedSize(before, size) : undefined };
}

const sizeFor = ({ cause }: Refusal, { chunks, tokens }: PassedSize) =>
  cause === 'too_many_tokens' ? tokens : chunks;

function learnedSize(before: readonly Refusal[], size: PassedSize): LearnedSize | undefined {
  const [first] = before;
  if (first === undefined || first.cause === 'server_error' || before.some(({ whole }) => !whole))
    return undefined;
  const most = Math.max(...before.map((row) => Math.max(row.passedBatch, sizeFor(row, size))));
  return { of: first.cause === 'too_many_tokens' ? 'tokens' : 'inputs', most };
}
