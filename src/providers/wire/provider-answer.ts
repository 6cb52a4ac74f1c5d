import type { Failure } from '../../domain/failures.ts';

/** What a provider client returns: the parsed result with the tokens that the provider counted, or a code. */
export type ProviderAnswer<R> =
  | {
      readonly kind: 'ok';
      readonly result: R;
      /** Undefined when the provider counts none. The call then costs what was reserved for it. */
      readonly inputTokens: number | undefined;
      readonly outputTokens: number;
    }
  | ({ readonly kind: 'failed' } & Failure);
