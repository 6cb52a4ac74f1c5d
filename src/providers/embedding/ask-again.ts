import type { CallResult } from '../call.ts';
import type { Catalogue } from '../catalogue/create-catalogue.ts';
import { startTime } from '../time-left.ts';
import { isLarge } from './batch-size.ts';
import type { AskOnce, TargetedCall } from './guarded-embedding.ts';
import type { Probe } from './probing.ts';
import { afterRefusedField, dimensionsAreUnnamed, type EmbeddingProfile, optionalFields } from './profile.ts';

/** A refused field costs one more call. A request has at most four that may be refused: the dimensions have two names. */
const mostAgain = 4;

/** Makes a call, and while the provider refuses an optional field of it by its name, once more without that field. */
export type AskAgain = <K>(
  call: TargetedCall<K>,
  profiles: { readonly known: EmbeddingProfile; readonly used: EmbeddingProfile },
) => Promise<CallResult<K>>;

/** Creates the calls that leave out what is refused. What works is remembered with the result. */
export function createAskAgain(deps: {
  readonly askOnce: AskOnce;
  readonly probe: Probe;
  readonly catalogue: Pick<Catalogue, 'find'>;
}): AskAgain {
  return async (call, { known, used }) => {
    const leftMs = startTime(call.timeoutMs);
    const vendor = deps.catalogue.find(call.asked.vendor);
    if (call.timeoutMs === 0) return { kind: 'failed', code: 'provider_timeout' };
    if (used.makesOtherDimensions && call.asked.dimensions !== null)
      return { kind: 'failed', code: 'malformed_response', called: false };
    let profile = used;
    let result = await deps.askOnce(call, { known, used });
    const formOf = (form: EmbeddingProfile) => optionalFields(form, call.asked).join();
    const refused = new Set([formOf(used)]);
    for (let again = 0; again < mostAgain; again += 1) {
      if (result.kind !== 'failed' || result.hint?.kind !== 'parameter') return result;
      const next = afterRefusedField(profile, call.asked, vendor, result.hint.name);
      // The request does not hold the field, or is refused with it and without it: then it is not at fault, whatever is said of it.
      if (next === undefined || refused.has(formOf(next))) return ofTheTexts(result);
      refused.add(formOf(next));
      profile = next;
      const timeoutMs = leftMs();
      if (timeoutMs === 0) return { kind: 'failed', code: 'provider_timeout' };
      // Whether the model makes the dimensions that the tenant wants shows before a large batch is bought.
      const isUnsure =
        profile.dimensionsParameter !== used.dimensionsParameter || dimensionsAreUnnamed(profile, call.asked);
      if (isUnsure && isLarge(call)) {
        const probed = await deps.probe({ ...call, timeoutMs }, { known, used: profile });
        if (probed.kind === 'ended') return probed.result;
        // What else was refused need not be refused again. The form is tried now, so another refusal is one of the texts.
        if (probed.kind === 'found') profile = probed.profile;
        const restMs = leftMs();
        if (restMs === 0) return { kind: 'failed', code: 'provider_timeout' };
        return ofTheTexts(await deps.askOnce({ ...call, timeoutMs: restMs }, { known, used: profile }));
      }
      result = await deps.askOnce({ ...call, timeoutMs }, { known, used: profile });
    }
    return ofTheTexts(result);
  };
}

/** A refusal that names a field which is not at fault: then the texts may be. */
function ofTheTexts<K>(result: CallResult<K>): CallResult<K> {
  const isField = result.kind === 'failed' && result.hint?.kind === 'parameter';
  return isField ? { ...result, hint: { kind: 'input' } } : result;
}
