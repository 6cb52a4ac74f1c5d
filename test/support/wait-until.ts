import { vi } from 'vitest';

/** Waits for a state of this process. Its time is no promise: on a busy machine what takes milliseconds can take seconds. */
export const waitUntil = (reached: () => boolean | Promise<boolean>): Promise<boolean> =>
  vi.waitUntil(reached, { timeout: 20_000, interval: 5 });
