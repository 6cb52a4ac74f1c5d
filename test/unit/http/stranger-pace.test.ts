import { once } from 'node:events';
import express from 'express';
import { test as base, describe, expect, vi } from 'vitest';
import { createStrangerPace, paceStrangers } from '../../../src/http/stranger-pace.ts';

// Two requests a second from each address. Which address a request has is its header's word here.
const it = base.extend('strangers', async ({}, { onCleanup }) => {
  const app = express();
  app.set('trust proxy', true);
  app.use(paceStrangers(createStrangerPace(2)));
  app.get('/', (_request, response) => void response.send('ok'));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onCleanup(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    ask: async (from: string) =>
      (await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-forwarded-for': from } })).status,
  };
});

describe('strangers', () => {
  it('have a pace of their own, each address', async ({ strangers }) => {
    const statuses = await Promise.all(['10.0.0.1', '10.0.0.1', '10.0.0.1'].map(strangers.ask));
    expect(statuses.toSorted()).toEqual([200, 200, 429]);
    expect(await strangers.ask('10.0.0.2')).toBe(200);
  });

  it('are refused after a pause, so that a refusal is not followed by the next request at once', async () => {
    vi.useFakeTimers();
    try {
      const pace = createStrangerPace(1);
      const request = Object.create(express.request);
      Object.defineProperty(request, 'ip', { value: '10.0.0.1' });
      expect(await pace(request)).toBeUndefined();
      let isRefused = false;
      const refusal = pace(request).finally(() => {
        isRefused = true;
      });
      await vi.advanceTimersByTimeAsync(999);
      expect(isRefused).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect((await refusal)?.code).toBe('rate_limited');
    } finally {
      vi.useRealTimers();
    }
  });
});
