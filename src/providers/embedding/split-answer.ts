import type { Cost } from '../../domain/cost.ts';
import { splitExactly } from '../../domain/split-exactly.ts';
import type { ProviderAnswer } from '../wire/provider-answer.ts';
import type { Embedded } from './embedded.ts';

/** What a part has sent. */
interface Sent {
  readonly texts: readonly string[];
  readonly maxTokens: number;
}

type Answer = ProviderAnswer<Embedded>;

/**
 * Splits the answer to texts that were sent together: to each part its vectors, and its share of the tokens, by what it can cost at
 * most. The shares add up to what the provider has told. A failure says nothing about one part's texts, and is the provider's once.
 */
export function splitAnswer(answer: Answer, parts: readonly [Sent, ...Sent[]]): [Answer, ...Answer[]] {
  const [first, ...others] = parts;
  if (others.length === 0) return [answer];
  const costs = splitCost(
    answer.cost,
    parts.map(({ maxTokens }) => maxTokens),
  );
  let from = 0;
  const partOf = ({ texts }: Sent, index: number): Answer => {
    const cost = costs[index] ?? { kind: 'unknown' };
    if (answer.kind === 'failed') {
      const { hint, ...failed } = answer;
      // That of a field is about the form, which all of them have.
      const kept = hint?.kind === 'parameter' ? { hint } : {};
      return { ...failed, ...kept, cost, ...(index > 0 ? { follows: true } : {}) };
    }
    const vectors = answer.result.vectors.slice(from, from + texts.length);
    from += texts.length;
    return { kind: 'ok', result: { ...answer.result, vectors }, cost };
  };
  return [partOf(first, 0), ...others.map((part, index) => partOf(part, index + 1))];
}

function splitCost(cost: Cost, weights: readonly number[]): Cost[] {
  if (cost.kind !== 'told') return weights.map(() => cost);
  // What is no whole number is not believed, in any part.
  if (!Number.isSafeInteger(cost.inputTokens) || !Number.isSafeInteger(cost.outputTokens))
    return weights.map(() => cost);
  const input = splitExactly(cost.inputTokens, weights);
  const output = splitExactly(cost.outputTokens, weights);
  return weights.map((_, index) => ({
    kind: 'told',
    inputTokens: input[index] ?? 0,
    outputTokens: output[index] ?? 0,
  }));
}
