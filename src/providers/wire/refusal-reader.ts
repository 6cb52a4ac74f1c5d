/** Reads the refusals that pass through a `fetch`. */
export interface RefusalReader {
  readonly fetch: typeof fetch;
  /** The body of the refusal, parsed where it is JSON, or else its text; undefined when there was none. */
  body(): unknown;
}

/**
 * Wraps the bounded `fetch` of one attempt and keeps the body of its refusal until it is classified: the vendors' libraries drop
 * every body that has not the shape of their own vendor.
 */
export function createRefusalReader(boundedFetch: typeof fetch): RefusalReader {
  let text: string | undefined;
  return {
    fetch: async (input, init) => {
      const response = await boundedFetch(input, init);
      // The bounded fetch has read the whole body, so this costs no wait.
      if (!response.ok) text = await response.clone().text();
      return response;
    },
    body() {
      if (text === undefined || text === '') return undefined;
      try {
        const parsed: unknown = JSON.parse(text);
        return parsed;
      } catch {
        return text;
      }
    },
  };
}
