import type { CallResult } from '../call.ts';
import type { Catalogue } from '../catalogue/create-catalogue.ts';
import { startTime } from '../time-left.ts';
import type { AskOnce, TargetedCall } from './guarded-embedding.ts';
import { afterRefusedField, type EmbeddingProfile, withoutOptionalFields } from './profile.ts';

/** Texts of few tokens in any vocabulary, with nothing in them to refuse. Two, because they show whether vectors are numbered. */
const harmlessTexts = ['Hello', 'Good morning'];

/** The most tiny calls that find out how a target is asked. */
const mostProbes = 4;

/** What tiny calls have shown: how to ask, or why nothing can be asked now. `unclear`: every form of the request was refused. */
export type Probed =
  | { readonly kind: 'found'; readonly profile: EmbeddingProfile }
  | { readonly kind: 'unclear' }
  | { readonly kind: 'ended'; readonly result: Exclude<CallResult<never>, { kind: 'ok' }> };

/** Finds out how a target is asked, by guarded calls like the given one but with harmless texts. */
export type Probe = <K>(
  call: TargetedCall<K>,
  profiles: { readonly known: EmbeddingProfile; readonly used: EmbeddingProfile },
) => Promise<Probed>;

/** Creates the tiny calls: first the full request, then without what is refused by its name, then without all that is optional. */
export function createProbing(deps: {
  readonly askOnce: AskOnce;
  readonly catalogue: Pick<Catalogue, 'find'>;
}): Probe {
  return async (call, { known, used }) => {
    const { tenantId, asked } = call;
    const vendor = deps.catalogue.find(asked.vendor);
    const leftMs = startTime(call.timeoutMs);
    let profile = used;
    let inputs = profile.maxInputs === 1 ? harmlessTexts.slice(0, 1) : harmlessTexts;
    for (let probes = 0; probes < mostProbes; probes += 1) {
      const timeoutMs = leftMs();
      if (timeoutMs === 0) return { kind: 'ended', result: { kind: 'failed', code: 'provider_timeout' } };
      const result = await deps.askOnce(
        {
          ...{ tenantId, asked, inputs, timeoutMs, source: call.source, side: 'passage' },
          apiKeyId: call.apiKeyId ?? null,
          ...(call.target === undefined ? {} : { target: call.target }),
          ...(call.candidate === undefined ? {} : { candidate: call.candidate }),
          ...(call.onFound === undefined ? {} : { onFound: call.onFound }),
          ...(call.articleId === undefined ? {} : { articleId: call.articleId }),
          ...(call.expectedTargetId === undefined ? {} : { expectedTargetId: call.expectedTargetId }),
          ...(call.expectedDimensions === undefined ? {} : { expectedDimensions: call.expectedDimensions }),
          persist: async () => undefined,
        },
        { known, used: profile },
      );
      if (result.kind === 'ok') return { kind: 'found', profile };
      if (result.kind !== 'failed' || result.code !== 'input_rejected') return { kind: 'ended', result };
      if (result.hint?.kind === 'too_many_inputs' && inputs.length > 1) {
        inputs = inputs.slice(0, 1);
        continue;
      }
      const named = result.hint?.kind === 'parameter' ? result.hint.name : undefined;
      const next =
        (named === undefined ? undefined : afterRefusedField(profile, asked, vendor, named)) ??
        withoutOptionalFields(profile, asked);
      if (next === undefined) return { kind: 'unclear' };
      profile = next;
    }
    return { kind: 'unclear' };
  };
}
