/** Marks an answer that is larger than its bound. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/**
 * A `fetch` that has read the whole body before it answers, under the request's own signal and within `maxBytes`: a
 * trickle cannot outlast the time-out, and a flood cannot fill the memory. Redirects are not followed.
 */
export function createBoundedFetch(maxBytes: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: 'manual' });
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body ?? []) {
      bytes += part.length;
      if (bytes > maxBytes) throw new AnswerTooLarge();
      parts.push(part);
    }
    const hasBody = bytes > 0 && response.status !== 204;
    // A redirect's status stays readable; `new Response` takes 200 to 599 only.
    return new Response(hasBody ? Buffer.concat(parts) : null, {
      status: response.status,
      headers: plain(response.headers),
    });
  };
}

/** The body is decoded already, so the headers that describe its coding are no longer true. */
function plain(headers: Headers): Headers {
  const kept = new Headers(headers);
  kept.delete('content-encoding');
  kept.delete('content-length');
  return kept;
}
