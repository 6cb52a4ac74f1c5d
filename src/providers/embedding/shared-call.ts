import type { ProviderAnswer } from '../wire/provider-answer.ts';
import type { Embedded } from './embedded.ts';
import { splitAnswer } from './split-answer.ts';

/** What one article sends. */
export interface SharedPart {
  /** Parts of one form go together: the same key, target, profile and side. */
  readonly form: string;
  readonly apiKey: string;
  readonly texts: readonly string[];
  /** The most tokens that it can cost: its part of what the whole call has cost. */
  readonly maxTokens: number;
  readonly timeoutMs: number;
  /** Makes one attempt with these texts. */
  make(texts: readonly string[], timeoutMs: number): Promise<ProviderAnswer<Embedded>>;
}

/** A place in a call that several articles share. Each has begun a call of its own, with its record, claim and budget. */
export interface Seat {
  /** Sends the part with those of the other seats; returns the part of the answer that is its own. */
  send(part: SharedPart): Promise<ProviderAnswer<Embedded>>;
  /** Gives the place up: nothing more comes from it. */
  leave(): void;
}

export interface SharedCall {
  /** Takes a seat. The call waits for it, so it has to send or to leave. It may send again. */
  sit(): Seat;
  /** Whether the call has been made, or is being made. */
  readonly hasGone: boolean;
}

export interface SharedCallOptions {
  /** How long after its beginning the call waits for more seats, where others are under way. */
  readonly gatherMs: number;
  /** How long those who are ready wait for a seat that is not: its transaction may wait for a lock. */
  readonly stragglerMs: number;
  /** Whether no other article of the tenant is under way: then there is nothing to wait for. */
  isOnlyOne(): boolean;
  /** The provider has refused the parts together. */
  onRefused(): void;
}

/** What a waiting part is to do: take this answer, or make the call for these groups of parts, one after the other. */
type Turn = { readonly answer: ProviderAnswer<Embedded> } | { readonly lead: Groups };
type Group = readonly [Waiting, ...Waiting[]];
interface Waiting {
  readonly part: SharedPart;
  readonly endsAtMs: number;
  readonly resolve: (turn: Turn) => void;
}
/** Groups of which the first is made first. */
type Groups = readonly [Group, ...Group[]];

/**
 * Creates a call that goes once all of its seats are ready. Its first part makes it, in its own attempt. Texts that are refused
 * together are sent again in halves, each led by a part of its own, down to each part alone. What comes late, or in another form,
 * goes afterwards: one request of the call is under way at a time.
 */
export function createSharedCall(options: SharedCallOptions): SharedCall {
  const startedAtMs = performance.now();
  /** Seats that have neither sent nor left. */
  let awaited = 0;
  let waiting: Waiting[] = [];
  let firstAtMs = startedAtMs;
  let hasGone = false;
  let isUnderWay = false;
  let timer: NodeJS.Timeout | undefined;

  const go = () => {
    hasGone = true;
    isUnderWay = true;
    const [next, ...others] = groupsOf(waiting);
    waiting = [];
    next?.[0].resolve({ lead: [next, ...others] });
  };

  const goIfReady = () => {
    clearTimeout(timer);
    if (isUnderWay || waiting.length === 0) return;
    const gatheredAtMs = options.isOnlyOne() ? startedAtMs : startedAtMs + options.gatherMs;
    const goesAtMs = awaited === 0 ? gatheredAtMs : firstAtMs + options.stragglerMs;
    const waitMs = goesAtMs - performance.now();
    if (waitMs <= 0) go();
    else timer = setTimeout(goIfReady, waitMs);
  };

  const ended = () => {
    isUnderWay = false;
    goIfReady();
  };

  const wait = (part: SharedPart) =>
    new Promise<Turn>((resolve) => {
      if (waiting.length === 0) firstAtMs = performance.now();
      waiting.push({ part, endsAtMs: performance.now() + part.timeoutMs, resolve });
      goIfReady();
    });

  const sit = (): Seat => {
    let isAwaited = true;
    const arriveOrLeave = () => {
      if (isAwaited) awaited -= 1;
      isAwaited = false;
    };
    awaited += 1;
    return {
      async send(part) {
        arriveOrLeave();
        const turn = await wait(part);
        return 'answer' in turn ? turn.answer : lead(turn.lead, { onRefused: options.onRefused, ended });
      },
      leave() {
        arriveOrLeave();
        goIfReady();
      },
    };
  };

  return {
    sit,
    get hasGone() {
      return hasGone;
    },
  };
}

/** The parts that may go together. */
function groupsOf(parts: readonly Waiting[]): Group[] {
  const groups = new Map<string, [Waiting, ...Waiting[]]>();
  for (const each of parts) {
    const name = JSON.stringify([each.part.form, each.part.apiKey]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

/** Makes the call of the first group, whose first part is the caller's, and hands the other groups on. */
async function lead(
  groups: Groups,
  { onRefused, ended }: { onRefused(): void; ended(): void },
): Promise<ProviderAnswer<Embedded>> {
  let mine: Group = groups[0];
  let rest: readonly Group[] = groups.slice(1);
  const handOn = () => {
    const [next, ...others] = rest;
    if (next === undefined) ended();
    else next[0].resolve({ lead: [next, ...others] });
  };
  for (;;) {
    let answer: ProviderAnswer<Embedded>;
    try {
      answer = await makeFor(mine);
    } catch (error) {
      // A fault of this service: the others must not wait for ever, and what it has cost is not known.
      for (const { resolve } of mine.slice(1))
        resolve({ answer: { kind: 'failed', code: 'internal', cost: { kind: 'unknown' } } });
      handOn();
      throw error;
    }
    const halves: Halves | undefined = isRefusedTogether(answer) ? halvesOf(mine) : undefined;
    if (halves === undefined) {
      const [own, ...others] = splitAnswer(answer, partsOf(mine));
      for (const [index, theirs] of others.entries()) mine[index + 1]?.resolve({ answer: theirs });
      handOn();
      return own;
    }
    onRefused();
    mine = halves[0];
    rest = [halves[1], ...rest];
  }
}

/** The part of its time that an attempt has at least. */
const leastTimePart = 1 / 2;

async function makeFor(group: Group): Promise<ProviderAnswer<Embedded>> {
  // Whole milliseconds: a timer of the platform takes no others.
  const timeoutMs = Math.floor(Math.min(...group.map(({ endsAtMs }) => endsAtMs)) - performance.now());
  // The time has gone into the requests before. Nothing is sent: an attempt that is cut short would be paid in vain, and would
  // count against a provider that is only slow.
  if (timeoutMs < leastTimePart * Math.min(...group.map(({ part }) => part.timeoutMs)))
    return { kind: 'failed', code: 'provider_timeout', cost: { kind: 'free' }, follows: true };
  return group[0].part.make(
    group.flatMap(({ part }) => part.texts),
    timeoutMs,
  );
}

/** Whether the provider has refused what was sent, for free: the size may be at fault, or one text, but no field of the request. */
const isRefusedTogether = (answer: ProviderAnswer<Embedded>) =>
  answer.kind === 'failed' &&
  answer.code === 'input_rejected' &&
  answer.cost.kind === 'free' &&
  answer.hint?.kind !== 'parameter';

type Halves = readonly [Group, Group];

/** The two halves of a group; undefined where there is one part only. */
function halvesOf([first, ...others]: Group): Halves | undefined {
  const middle = Math.ceil((others.length + 1) / 2);
  const [next, ...rest] = others.slice(middle - 1);
  return next === undefined
    ? undefined
    : [
        [first, ...others.slice(0, middle - 1)],
        [next, ...rest],
      ];
}

const partsOf = ([first, ...others]: Group): [SharedPart, ...SharedPart[]] => [
  first.part,
  ...others.map(({ part }) => part),
];
