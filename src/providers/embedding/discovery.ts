import { LRUCache } from 'lru-cache';
import { callerOf } from '../../domain/operations.ts';
import { defaultVendor, type ProviderTarget, targetIdOf } from '../../domain/provider-target.ts';
import { uncancelled } from '../../platform/async/cancellation.ts';
import { withTimeout } from '../../platform/async/with-timeout.ts';
import type { CallResult } from '../call.ts';
import type { Catalogue } from '../catalogue/create-catalogue.ts';
import { startTime } from '../time-left.ts';
import { createAskAgain } from './ask-again.ts';
import { isLarge } from './batch-size.ts';
import type { AskOnce, TargetedCall } from './guarded-embedding.ts';
import { createProbing } from './probing.ts';
import { type EmbeddingProfile, isToBeFound, startingProfile, withoutOptionalFields } from './profile.ts';
import type { ProfileCache } from './profile-cache.ts';

/** How long after its beginning others wait for the call that finds out how to ask, in milliseconds. */
const longestWaitMs = 1_500;

/** How long a provider that refused every form of a request is not probed again, and of how many targets that is remembered. */
const unclearMs = 10 * 60_000;
const maxUnclear = 5_000;

/**
 * Creates the embedding that finds out how a target is asked. While the catalogue leaves something open and no call has worked yet,
 * one call goes first, and those of workflows in this process wait a moment for what it finds. A large batch goes after tiny calls.
 * A small one is the trial itself, and so is every first call of the installation's own provider. At most four tiny calls are made,
 * and each call at most four times more without what is refused (see `createProbing` and `createAskAgain`): 14 calls in all.
 */
export function createDiscovery(deps: {
  readonly askOnce: AskOnce;
  readonly catalogue: Pick<Catalogue, 'find'>;
  readonly cache: Pick<ProfileCache, 'read'>;
}): <K>(call: TargetedCall<K>) => Promise<CallResult<K>> {
  const { catalogue, cache } = deps;
  const underWay = new Map<string, { readonly ended: Promise<unknown>; readonly waitMs: () => number }>();
  const unclear = new LRUCache<string, true>({ max: maxUnclear, ttl: unclearMs });
  const probe = createProbing(deps);
  const askAgain = createAskAgain({ ...deps, probe });

  /** A call of a target that has refused every form of harmless texts: another refusal says nothing about the texts of the call. */
  const askUnclear = async <K>(call: TargetedCall<K>, known: EmbeddingProfile): Promise<CallResult<K>> => {
    const result = await askAgain(call, { known, used: known });
    return mayBeTheForm(call, result) ? withoutHint(result) : result;
  };

  const goFirst = async <K>(call: TargetedCall<K>, name: string): Promise<CallResult<K>> => {
    const leftMs = startTime(call.timeoutMs);
    const known = await cache.read(call.tenantId, call.asked);
    const tried = isTriedForm(call) || !isLarge(call);
    const first = tried ? await askAgain(call, { known, used: known }) : undefined;
    if (first !== undefined && !mayBeTheForm(call, first)) return first;

    const found = await probe({ ...call, timeoutMs: leftMs() }, { known, used: known });
    // Whether the texts are at fault is still not known, so the first refusal does not count.
    if (found.kind === 'ended') return found.result;
    if (found.kind === 'unclear') {
      unclear.set(name, true);
      return first === undefined ? askUnclear({ ...call, timeoutMs: leftMs() }, known) : withoutHint(first);
    }
    const used = found.profile;
    // The harmless texts were taken in the same form, so the fault is that of the call's own texts.
    if (first !== undefined && used === known) return first;
    const knownNow = await cache.read(call.tenantId, call.asked);
    return askAgain({ ...call, timeoutMs: leftMs() }, { known: knownNow, used });
  };

  /** A call that forgets what was found. Its texts are harmless, so where they are refused the form is tried without all that is optional. */
  const askAnew = async <K>(call: TargetedCall<K>, known: EmbeddingProfile): Promise<CallResult<K>> => {
    const leftMs = startTime(call.timeoutMs);
    const used = startingProfile(call.asked, catalogue.find(call.asked.vendor));
    const first = await askAgain(call, { known, used });
    const bare = mayBeTheForm(call, first) ? withoutOptionalFields(used, call.asked) : undefined;
    if (bare === undefined) return first;
    return askAgain({ ...call, timeoutMs: leftMs() }, { known, used: bare });
  };

  return async <K>(call: TargetedCall<K>): Promise<CallResult<K>> => {
    const { tenantId, asked } = call;
    const vendor = catalogue.find(asked.vendor);
    const known = await cache.read(tenantId, asked);
    if (call.anew) return askAnew(call, known);
    const name = `${tenantId} ${targetIdOf(asked)}`;
    if (!isToBeFound(known, asked, vendor)) return askAgain(call, { known, used: known });
    if (unclear.has(name)) return askUnclear(call, known);

    const first = underWay.get(name);
    if (first === undefined) {
      const own = uncancelled(() => goFirst(call, name)).finally(() => underWay.delete(name));
      underWay.set(name, { ended: own.catch(() => undefined), waitMs: startTime(longestWaitMs) });
      return own;
    }
    // A person does not wait for others.
    if (callerOf[call.source] === 'interactive') return askAgain(call, { known, used: known });
    const leftMs = startTime(call.timeoutMs);
    await withTimeout(first.ended, first.waitMs(), undefined);
    const found = await cache.read(tenantId, asked);
    return askAgain({ ...call, timeoutMs: leftMs() }, { known: found, used: found });
  };
}

/** Whether the form of the request is known to do: the operator has tried it at the installation's own provider. */
const isTriedForm = ({ asked }: { readonly asked: ProviderTarget }) => asked.vendor === defaultVendor;

/** A refusal without what it says of the texts, so that no text is taken for the guilty one. */
function withoutHint<K>(result: CallResult<K>): CallResult<K> {
  if (result.kind !== 'failed') return result;
  const { hint: _, ...failed } = result;
  return failed;
}

/** Whether a refusal may be about the form of the request and not about its texts. */
function mayBeTheForm(call: { readonly asked: ProviderTarget }, result: CallResult<unknown>): boolean {
  if (isTriedForm(call) || result.kind !== 'failed' || result.code !== 'input_rejected') return false;
  return result.hint === undefined || result.hint.kind === 'input' || result.hint.kind === 'parameter';
}
