import type { BackgroundTimeout, CallOperation, CallSource, KeyReference } from '../../domain/operations.ts';
import type { CandidateKey } from '../../llm-config/trial.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { CallResult } from '../call.ts';
import { answerRoomOf } from '../catalogue/anthropic-models.ts';
import type { Guard } from '../guard.ts';
import type { ProviderConnections } from '../wire/provider-connections.ts';
import { createAnthropicClient } from './anthropic-client.ts';
import { type Ask, createAsk, tokensOf } from './ask.ts';

export type { AskCall } from './ask.ts';

/** The answer of a model. */
export interface Message {
  readonly text: string;
  /** False when the answer was cut off at `maxOutputTokens`. */
  readonly complete: boolean;
}

/** A question to the model, by one guarded call. */
export interface MessageCall<K> {
  readonly tenantId: string;
  readonly source: CallSource;
  /** What the answer is for, as the ledger names it: `extraction`, `classification`, … */
  readonly operation: CallOperation;
  readonly subjectId?: string;
  /** See `CallRequest`. */
  readonly apiKeyId?: string | null;
  readonly system?: string;
  readonly prompt: string;
  /** The most tokens that the answer may have. */
  readonly maxOutputTokens: number;
  readonly timeoutMs: number;
  readonly evenIfRejected?: boolean;
  /** See `CallRequest`. */
  readonly candidate?: CandidateKey;
  persist(tx: Transaction, message: Message, key: KeyReference): Promise<K>;
}

/** Anthropic through the guard. */
export interface GuardedAnthropic {
  /**
   * Makes one guarded call for an answer of the model that is JSON of a schema, on the tenant's own key. A model or a gateway that
   * refuses the schema as a field of the request is asked once more, by another guarded call, with the schema in the prompt.
   */
  readonly ask: Ask;
  /** Makes one guarded call for an answer of the model, on the tenant's own key. */
  message<K>(request: MessageCall<K>): Promise<CallResult<K>>;
}

/** Creates the guarded Anthropic. Only this file holds the provider client. */
export function createGuardedAnthropic(deps: {
  readonly guard: Guard;
  readonly connections: ProviderConnections;
  readonly backgroundTimeoutMs: BackgroundTimeout;
}): GuardedAnthropic {
  const client = createAnthropicClient(deps.connections);

  return {
    ask: createAsk({ ...deps, say: client.message }),

    message: ({ system, prompt, maxOutputTokens, ...request }) =>
      deps.guard.call({
        ...request,
        ...tokensOf([system ?? '', prompt], { answerTokens: maxOutputTokens }),
        send: async ({ apiKey, target, timeoutMs }) => {
          const said = await client.message({
            ...{ apiKey, target, prompt, timeoutMs },
            ...{ ...answerRoomOf(target.model, maxOutputTokens), maxTokens: maxOutputTokens },
            ...(system === undefined ? {} : { system }),
          });
          if (said.kind !== 'ok') return said;
          const { text, stopReason } = said.result;
          return { ...said, result: { text, complete: stopReason !== 'max_tokens' } };
        },
      }),
  };
}
