import { describe, expect, it } from 'vitest';
import { defaultAnthropicModels } from '../../../../src/llm-config/models.ts';
import {
  answerRoomOf,
  anthropicModels,
  findAnthropicModel,
  thinkingTokens,
} from '../../../../src/providers/catalogue/anthropic-models.ts';

describe('a model of Anthropic’s', () => {
  it('is found by its name and by its dated name, and no other is', () => {
    const names = anthropicModels.map(({ name }) => name);
    expect(names.map((name) => findAnthropicModel(name)?.name)).toEqual(names);
    expect(names.map((name) => findAnthropicModel(`${name}-20251001`)?.name)).toEqual(names);
    expect(['claude-opus-5-5-fast', 'claude', ''].map(findAnthropicModel)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('that tenants have by default is known, and not to be retired', () => {
    for (const name of Object.values(defaultAnthropicModels)) {
      expect(findAnthropicModel(name)).toBeDefined();
      expect(findAnthropicModel(name)).not.toHaveProperty('retires');
    }
  });
});

describe('the room for an answer', () => {
  it.each([
    ['claude-haiku-5-5', 500, 'disabled'],
    ['claude-sonnet-5-5', 500, 'between_tools'],
    ['claude-haiku-4-5-20251001', 500, undefined],
    ['claude-opus-5-5', 500 + thinkingTokens, undefined],
    ['a-model-of-a-gateway', 500 + thinkingTokens, undefined],
  ])('of %s', (model, maxTokens, thinking) => {
    expect(answerRoomOf(model, 500)).toEqual({ maxTokens, thinking });
  });

  it('is never more than the model can write', () => {
    for (const { name, maxOutputTokens } of anthropicModels)
      expect(answerRoomOf(name, 1_000_000).maxTokens).toBe(maxOutputTokens);
  });
});
