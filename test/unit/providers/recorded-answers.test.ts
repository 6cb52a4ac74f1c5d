import { describe, expect, it } from 'vitest';
import { failureTraits } from '../../../src/domain/failures.ts';
import type { Vendor } from '../../../src/providers/catalogue/vendor.ts';
import { listedVendors } from '../../../src/providers/catalogue/vendors.ts';
import { readAnswer } from '../../../src/providers/embedding/read-answer.ts';
import { readUsage } from '../../../src/providers/embedding/read-usage.ts';
import { classifyRefusal } from '../../../src/providers/wire/classify-refusal.ts';
import { spellWord } from '../../../src/providers/wire/refusal-body.ts';
import { meanings, type RecordedRefusal, vectors } from '../../recorded-answers/recorded-vendor.ts';
import { recordedVendors } from '../../recorded-answers/recorded-vendors.ts';

const vendorOf = (name: string): Vendor | undefined => listedVendors.find((vendor) => vendor.name === name);
const refusals = recordedVendors.flatMap(({ vendor, refusals: recorded }) =>
  recorded.map((each) => [vendor, each.kind, each.status, textOf(each.body).slice(0, 80), each] as const),
);

describe('the recorded answers', () => {
  it('are those of every vendor of the catalogue', () => {
    expect(recordedVendors.map(({ vendor }) => vendor).sort()).toEqual(
      listedVendors.map(({ name }) => name).sort(),
    );
  });

  it.each(listedVendors.map((vendor) => [vendor.name, vendor] as const))(
    'of %s show each word of its errors with its meaning',
    (name, vendor) => {
      const recorded = recordedVendors.find((each) => each.vendor === name)?.refusals ?? [];
      const shown = Object.entries(vendor.errorWords).filter(([word, code]) =>
        recorded.some(({ kind, body }) => meanings[kind].code === code && holdsWord(body, word)),
      );
      expect(Object.fromEntries(shown)).toEqual(vendor.errorWords);
    },
  );
});

describe('a good answer as it is recorded', () => {
  it.each(recordedVendors.map((each) => [each.vendor, each] as const))('of %s is read', (_, { good }) => {
    expect(readAnswer(good.body, 2)).toMatchObject({ vectors, index: good.index });
    const { field, cost } = readUsage(good.body);
    if (good.usage === null) expect([field, cost.kind]).toEqual(['none', 'unknown']);
    else expect([field, cost]).toMatchObject([good.usage[0], { kind: 'told', inputTokens: good.usage[1] }]);
  });
});

describe('a refusal as it is recorded', () => {
  it.each(refusals)('of %s is known: %s, %i %s', (name, kind, status, _, refusal) => {
    const vendorWords = vendorOf(name)?.errorWords ?? {};
    const headers = new Headers({ 'content-type': 'application/json', ...refusal.headers });
    const body = parsed(textOf(refusal.body));
    const { code, hint } = classifyRefusal({ status, body, headers, vendorWords });
    const meaning: { readonly code: string; readonly hint?: string } = meanings[kind];
    expect([code, hint?.kind]).toEqual([meaning.code, meaning.hint]);
    if (refusal.field !== undefined) expect(hint).toEqual({ kind: 'parameter', name: refusal.field });
    expect(failureTraits[code].who).toBe(actorOf(refusal));
  });
});

/** Who acts on a refusal: a second list, by hand. */
function actorOf({ kind }: RecordedRefusal): string {
  switch (kind) {
    case 'bad key':
    case 'model':
    case 'permission':
    case 'bill':
    case 'quota of the day':
      return 'tenant';
    case 'rate':
      return 'wait';
    case 'too many inputs':
    case 'too many tokens':
    case 'input':
    case 'field':
      return 'author';
    case 'passing':
    case 'timeout':
    case 'failing server':
    case 'page':
      return 'provider';
    default:
      return kind satisfies never;
  }
}

/** A body as it is sent. */
function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** A body as it is read. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Whether a word stands somewhere in a body, by itself. */
function holdsWord(value: unknown, word: string): boolean {
  if (typeof value === 'string') return spellWord(value) === spellWord(word);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((inner) => holdsWord(inner, word));
}
