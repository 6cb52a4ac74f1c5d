import { describe, expect, it } from 'vitest';
import { failureTraits } from '../../../src/domain/failures.ts';
import { classifyRefusal } from '../../../src/providers/wire/classify-refusal.ts';
import { vendorRefusals } from './vendor-refusals.ts';

const rows = vendorRefusals.map((row) => [row.code, row.status, row.what, row] as const);

describe('a refusal as vendors word it', () => {
  it.each(rows)('is %s: %i, %s', (code, status, _what, { body, contentType, who, hint }) => {
    const headers = new Headers(contentType === undefined ? {} : { 'content-type': contentType });
    expect(classifyRefusal({ status, body, headers })).toEqual({ code, ...(hint ? { hint } : {}) });
    expect(failureTraits[code].who).toBe(who);
  });
});
