import type { ServerResponse } from 'node:http';
import { sliceBytes } from './json-slices.ts';

/**
 * Writes a body and ends the answer. The next slice is written when the socket has taken the one before, so that a slow client
 * holds no more of it in the socket. A client that does not take a slice within `timeoutMs` is disconnected.
 */
export async function writeSlices(
  response: ServerResponse,
  slices: readonly Buffer[],
  timeoutMs: number,
): Promise<void> {
  const [only, ...more] = slices;
  // Nearly every answer: its headers, its body and its end are one write.
  if (only !== undefined && more.length === 0 && only.length <= sliceBytes) {
    response.end(only);
    if (!response.writableFinished) await waitFor(response, 'finish', timeoutMs);
    return;
  }
  for (const large of slices) {
    for (let at = 0; at < large.length; at += sliceBytes) {
      if (response.destroyed) return;
      const slice = large.subarray(at, at + sliceBytes);
      if (!response.write(slice)) await waitFor(response, 'drain', timeoutMs);
    }
  }
  if (response.destroyed) return;
  response.end();
  if (!response.writableFinished) await waitFor(response, 'finish', timeoutMs);
}

/** Resolves at the event, or when the connection is closed; closes it after the time limit. */
function waitFor(response: ServerResponse, event: 'drain' | 'finish', timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      response.off(event, done).off('close', done);
      resolve();
    };
    const timer = setTimeout(() => response.destroy(), timeoutMs);
    response.on(event, done).on('close', done);
  });
}
