import { setImmediate } from 'node:timers/promises';
import type { Release, Share } from '../platform/shares/share.ts';
import { createSharedCall, type Seat, type SharedCall } from '../providers/embedding/shared-call.ts';

/** What an article would send. */
export interface Demand {
  readonly inputs: number;
  readonly tokens: number;
  /** The most that one request takes. */
  readonly maxInputs: number;
  readonly maxTokens: number | null;
}

/** The place of one article among the provider calls of its tenant: a slot, which it has alone or shares. */
export interface CallPlace {
  /** A seat in the call of the slot; undefined where the demand has no room in it. */
  share(demand: Demand): Seat | undefined;
  /** Takes the slot alone, or a slot of its own where others sit in this one; false where none is free. */
  takeAlone(): Promise<boolean>;
  /** Gives the place up. */
  leave(): void;
}

/** Places for the articles of all tenants. */
export interface CallPlaces {
  enter(tenantId: string): Promise<CallPlace | 'busy'>;
}

export interface CallPlacesOptions {
  /** Provider calls of this process, divided among tenants. */
  readonly slots: Pick<Share, 'acquire'>;
  /** How long a call waits for further articles while others of the tenant are under way. */
  readonly gatherMs?: number;
}

/** The articles of one call. With all of them a tenant's part of the slots leaves most tasks of the worker to the others. */
export const articlesOfCall = 16;
/** Some steps of a busy worker; an author does not notice it. An article that is the tenant's only one under way never waits. */
const defaultGatherMs = 25;
/** A seat that is not ready by then waits for a lock: the others go without it, and it goes after them. */
const stragglerMs = 250;
/** After a refusal of what was sent together, the tenant's articles are sent alone: the same text may come again soon. */
const aloneAfterRefusalMs = 60_000;

/** A slot, and the call that its articles share. */
interface Slot {
  readonly release: Promise<Release | 'busy'>;
  readonly call: SharedCall;
  /** Whether it is still waited for. */
  isAwaited: boolean;
  articles: number;
  isClosed: boolean;
  inputs: number;
  tokens: number;
}

/**
 * Creates the places. Articles of one tenant that come while its call is being made ready share that call and its slot. What asks
 * differently, or is too much for one request, takes a slot of its own.
 */
export function createCallPlaces({ slots, gatherMs = defaultGatherMs }: CallPlacesOptions): CallPlaces {
  /** The slots whose call others may still join. */
  const open = new Map<string, Slot>();
  /** Articles under way. */
  const underWay = new Map<string, number>();
  /** Until when a tenant's articles are sent alone. */
  const aloneUntilMs = new Map<string, number>();

  const count = (tenantId: string, by: 1 | -1) => {
    const articles = (underWay.get(tenantId) ?? 0) + by;
    if (articles > 0) underWay.set(tenantId, articles);
    else underWay.delete(tenantId);
  };

  const isSentAlone = (tenantId: string) => {
    const untilMs = aloneUntilMs.get(tenantId);
    if (untilMs === undefined) return false;
    if (untilMs > performance.now()) return true;
    aloneUntilMs.delete(tenantId);
    return false;
  };

  const openSlot = (tenantId: string): Slot => {
    const release = slots.acquire(tenantId);
    const slot: Slot = {
      release,
      isAwaited: true,
      call: createSharedCall({
        ...{ gatherMs, stragglerMs },
        isOnlyOne: () => underWay.get(tenantId) === 1,
        onRefused: () => aloneUntilMs.set(tenantId, performance.now() + aloneAfterRefusalMs),
      }),
      ...{ articles: 0, isClosed: false, inputs: 0, tokens: 0 },
    };
    void release.then(() => {
      slot.isAwaited = false;
    });
    open.set(tenantId, slot);
    return slot;
  };

  const close = (tenantId: string, slot: Slot) => {
    slot.isClosed = true;
    if (open.get(tenantId) === slot) open.delete(tenantId);
  };

  const slotFor = (tenantId: string): Slot | 'busy' => {
    const found = open.get(tenantId);
    if (found === undefined || isSentAlone(tenantId)) return openSlot(tenantId);
    const isFull = found.articles >= articlesOfCall;
    // So that of one tenant's articles only those of one call wait, and hold a task of the worker meanwhile.
    if (isFull && found.isAwaited) return 'busy';
    if (!isFull && !found.call.hasGone) return found;
    close(tenantId, found);
    return openSlot(tenantId);
  };

  const placeIn = (tenantId: string, slot: Slot, seat: Seat): CallPlace => {
    let own: Release | undefined;
    let isHere = true;
    const leaveSlot = () => {
      if (!isHere) return;
      isHere = false;
      seat.leave();
      slot.articles -= 1;
      if (slot.articles > 0) return;
      close(tenantId, slot);
      void slot.release.then((release) => release !== 'busy' && release());
    };
    return {
      share({ inputs, tokens, maxInputs, maxTokens }) {
        const hasRoom =
          slot.inputs + inputs <= maxInputs && (maxTokens === null || slot.tokens + tokens <= maxTokens);
        if (!hasRoom || isSentAlone(tenantId)) return undefined;
        slot.inputs += inputs;
        slot.tokens += tokens;
        return seat;
      },
      async takeAlone() {
        seat.leave();
        if (slot.articles === 1) {
          close(tenantId, slot);
          return true;
        }
        leaveSlot();
        const release = await slots.acquire(tenantId);
        if (release === 'busy') return false;
        own = release;
        return true;
      },
      leave() {
        leaveSlot();
        own?.();
        count(tenantId, -1);
      },
    };
  };

  return {
    async enter(tenantId) {
      let slot = slotFor(tenantId);
      if (slot === 'busy') {
        // Whether it has to be waited for shows at once.
        await setImmediate();
        slot = slotFor(tenantId);
      }
      if (slot === 'busy') return 'busy';
      slot.articles += 1;
      count(tenantId, 1);
      const place = placeIn(tenantId, slot, slot.call.sit());
      if ((await slot.release) !== 'busy') return place;
      place.leave();
      return 'busy';
    },
  };
}
