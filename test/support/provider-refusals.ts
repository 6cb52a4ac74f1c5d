import { type TwinStep, twinMarker } from './provider-twin.ts';

const ok: TwinStep = { kind: 'ok' };

/** A provider that takes at most so many inputs, and refuses more as DashScope does. */
export const takesInputs = (most: number): TwinStep => ({
  kind: 'by',
  step: (inputs) =>
    inputs.length <= most
      ? ok
      : {
          kind: 'status',
          status: 400,
          body: {
            error: {
              code: 'InvalidParameter',
              type: 'InvalidParameter',
              message: `<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should not be larger than ${most}.: input.contents ${twinMarker}`,
            },
          },
        },
});

/** The same, as text-embeddings-inference refuses them. */
export const takesBatches = (most: number): TwinStep => ({
  kind: 'by',
  step: (inputs) =>
    inputs.length <= most
      ? ok
      : {
          kind: 'status',
          status: 413,
          body: {
            message: `batch size ${inputs.length} > maximum allowed batch size ${most} ${twinMarker}`,
            code: 413,
            type: 'Validation',
          },
        },
});

/** The same, with a refusal that says nothing. */
export const takesSilently = (most: number, status = 422): TwinStep => ({
  kind: 'by',
  step: (inputs) => (inputs.length <= most ? ok : { kind: 'status', status, body: { detail: twinMarker } }),
});

/** A provider that takes at most so many characters, and refuses more as Mistral refuses too many tokens. */
export const takesCharacters = (most: number): TwinStep => ({
  kind: 'by',
  step: (inputs) =>
    inputs.join('').length <= most
      ? ok
      : {
          kind: 'status',
          status: 400,
          body: {
            object: 'error',
            message: `Too many tokens overall, split into more batches. ${twinMarker}`,
            type: 'invalid_request_prompt',
            param: null,
            code: 3210,
          },
        },
});

/** A provider that refuses every text with this word. */
export const refusesWord = (word: string, status = 400): TwinStep => ({
  kind: 'by',
  step: (inputs) =>
    inputs.some((text) => text.includes(word))
      ? { kind: 'status', status, body: { error: { message: twinMarker, type: 'invalid_request_error' } } }
      : ok,
});

/** A provider that fails on every text with this word, as Ollama does. */
export const failsOnWord = (word: string): TwinStep => ({
  kind: 'by',
  step: (inputs) =>
    inputs.some((text) => text.includes(word))
      ? {
          kind: 'status',
          status: 500,
          body: {
            error: {
              message: `failed to encode response: json: unsupported value: NaN ${twinMarker}`,
              type: 'api_error',
              param: null,
              code: null,
            },
          },
        }
      : ok,
});
