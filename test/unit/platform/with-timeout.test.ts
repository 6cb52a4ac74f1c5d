import { expect, it } from 'vitest';
import { withTimeout } from '../../../src/platform/async/with-timeout.ts';

it('gives what the work gives in time, or throws what it throws', async () => {
  expect(await withTimeout(Promise.resolve('done'), 60_000, 'late')).toBe('done');
  await expect(withTimeout(Promise.reject(new Error('failed')), 60_000, 'late')).rejects.toThrow('failed');
});

it('does not wait longer than the time-out, and ignores a later failure of the work', async () => {
  let fail: (error: Error) => void = () => undefined;
  const work = new Promise<string>((_, reject) => {
    fail = reject;
  });
  expect(await withTimeout(work, 5, 'late')).toBe('late');
  fail(new Error('too late for anybody'));
  await new Promise((resolve) => setImmediate(resolve));
});
