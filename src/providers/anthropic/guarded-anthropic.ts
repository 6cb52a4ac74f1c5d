import type { z } from 'zod';
import type { FailureCode } from '../../domain/failures.ts';
import type { CallOperation, CallSource, KeyReference } from '../../domain/operations.ts';
import { likelyTokens, tokenBound } from '../../domain/token-bound.ts';
import type { CandidateKey } from '../../llm-config/trial.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { CallResult } from '../call.ts';
import type { Guard } from '../guard.ts';
import type { ProviderConnections } from '../wire/provider-connections.ts';
import { createAnthropicClient, type Message } from './anthropic-client.ts';

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

/** What an answer of the model has cost, as its call record has it. */
export interface AnswerTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A question whose answer is JSON of a schema, by one guarded call. */
export interface AskCall<A, K> {
  readonly tenantId: string;
  readonly source: CallSource;
  readonly operation: Extract<CallOperation, 'extraction' | 'classification' | 'merge'>;
  readonly subjectId?: string;
  /** See `CallRequest`. */
  readonly apiKeyId?: string | null;
  /** The part of the question that is the same in each call of the operation. The provider may cache it. */
  readonly system: string;
  readonly prompt: string;
  /** The answer's shape. The provider gets it as a JSON schema, and the answer is parsed by it. */
  readonly answer: z.ZodType<A>;
  /** The most tokens that the answer may have. */
  readonly maxOutputTokens: number;
  readonly timeoutMs: number;
  /** Stores the answer in the transaction that ends the call. */
  persist(tx: Transaction, answered: AnswerTokens & { readonly value: A }, key: KeyReference): Promise<K>;
  /** See `CallRequest`. */
  persistUnusable?(tx: Transaction, code: FailureCode, tokens: AnswerTokens): Promise<void>;
}

/** Anthropic through the guard. */
export interface GuardedAnthropic {
  /**
   * Makes one guarded call for an answer of the model that is JSON of a schema, on the tenant's own key. A model or a gateway that
   * refuses the schema as a field of the request is asked once more, by another guarded call, with the schema in the prompt.
   */
  ask<A, K>(call: AskCall<A, K>): Promise<CallResult<K>>;
  /** Makes one guarded call for an answer of the model, on the tenant's own key. */
  message<K>(request: MessageCall<K>): Promise<CallResult<K>>;
}

/** Tokens that the API adds to a prompt: roles, and the beginning and end of each message. */
const tokensAroundPrompt = 32;

/** Creates the guarded Anthropic. Only this file holds the provider client. */
export function createGuardedAnthropic(deps: {
  readonly guard: Guard;
  readonly connections?: ProviderConnections;
}): GuardedAnthropic {
  const client = createAnthropicClient(deps.connections);

  return {
    // The next commit asks the provider.
    ask: async () => ({ kind: 'failed', code: 'internal', called: false }),

    message: ({ system, prompt, maxOutputTokens, ...request }) => {
      const tokensBy = (tokensOf: (text: string) => number) =>
        tokensOf(system ?? '') + tokensOf(prompt) + tokensAroundPrompt + maxOutputTokens;
      return deps.guard.call({
        ...request,
        inputs: 1,
        maxTokens: tokensBy(tokenBound),
        maxOutputTokens,
        likelyTokens: () => tokensBy(likelyTokens),
        send: ({ apiKey, target, timeoutMs }) =>
          client.message({
            apiKey,
            target,
            prompt,
            maxTokens: maxOutputTokens,
            timeoutMs,
            ...(system === undefined ? {} : { system }),
          }),
      });
    },
  };
}
