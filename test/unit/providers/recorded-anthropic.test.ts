import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { classifyError } from '../../../src/providers/wire/classify-error.ts';
import { anthropicRefusals } from '../../recorded-answers/anthropic.ts';
import { meanings } from '../../recorded-answers/recorded-vendor.ts';

const named = anthropicRefusals.map(
  (each) => [each.kind, each.status, JSON.stringify(each.body), each] as const,
);

describe('a refusal of Anthropic’s as it is recorded', () => {
  it.each(named)('is known: %s, %i %s', (kind, _status, _body, { status, body, headers, field }) => {
    const meaning: { readonly code: string; readonly hint?: string } = meanings[kind];
    const parsed = typeof body === 'object' && body !== null ? body : undefined;
    const error = Anthropic.APIError.generate(
      status,
      parsed && { ...parsed },
      'a page',
      new Headers({ 'content-type': 'application/json', ...headers }),
    );
    const refusal = classifyError(error, Anthropic, { timedOut: false, bodyOf: () => body });
    expect(refusal.code).toBe(meaning.code);
    const hint = 'hint' in refusal ? refusal.hint : undefined;
    expect(hint).toEqual(
      meaning.hint && { kind: meaning.hint, ...(field === undefined ? {} : { name: field }) },
    );
  });

  it('names each meaning that has a code of its own', () => {
    const kinds = new Set(anthropicRefusals.map(({ kind }) => kind));
    // A request has one input, and no limit of a day is known.
    const others = Object.keys(meanings).filter(
      (kind) => !['too many inputs', 'quota of the day'].includes(kind),
    );
    expect([...kinds].sort()).toEqual(others.sort());
  });
});
