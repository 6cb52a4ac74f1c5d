import express, { type Request } from 'express';
import { test as base, describe, expect, vi } from 'vitest';
import { createStrangerPace } from '../../../src/http/stranger-pace.ts';

// Two requests a second from each address, on a clock that a fact moves.
const it = base.extend('pace', { auto: true }, ({}, { onCleanup }) => {
  vi.useFakeTimers();
  onCleanup(() => void vi.useRealTimers());
  return createStrangerPace(2);
});

describe('strangers', () => {
  it('have a pace of their own, each address', async ({ pace }) => {
    const fromOne = [1, 2, 3].map(() => pace(requestFrom('10.0.0.1')));
    expect(await pace(requestFrom('10.0.0.2'))).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await Promise.all(fromOne)).map((refusal) => refusal?.code)).toEqual([
      undefined,
      undefined,
      'rate_limited',
    ]);
  });

  it('are refused after a pause, so that a refusal is not followed by the next request at once', async ({
    pace,
  }) => {
    await Promise.all([pace(requestFrom('10.0.0.1')), pace(requestFrom('10.0.0.1'))]);
    let isRefused = false;
    const refusal = pace(requestFrom('10.0.0.1')).finally(() => {
      isRefused = true;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(isRefused).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect((await refusal)?.code).toBe('rate_limited');
  });

  it('are admitted again when their second is over', async ({ pace }) => {
    await Promise.all([pace(requestFrom('10.0.0.1')), pace(requestFrom('10.0.0.1'))]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await pace(requestFrom('10.0.0.1'))).toBeUndefined();
  });
});

/** A request of which only the address is read. */
function requestFrom(ip: string): Request {
  return Object.defineProperty(Object.create(express.request), 'ip', { value: ip });
}
