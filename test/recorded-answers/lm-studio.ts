import { numbered, type RecordedVendor, refusal } from './recorded-vendor.ts';

export const lmStudio: RecordedVendor = {
  vendor: 'lm-studio',
  good: {
    // It counts no tokens.
    body: {
      object: 'list',
      data: numbered,
      model: 'text-embedding-nomic-embed-text-v1.5',
      usage: { prompt_tokens: 0, total_tokens: 0 },
    },
    index: true,
    usage: null,
  },
  refusals: [
    refusal('model', 400, {
      error: 'No models loaded. Please load a model in the developer page or use the `lms load` command.',
    }),
    refusal('model', 404, {
      error: {
        message: 'Failed to load model "m". Error: Model is not embedding.',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      },
    }),
    refusal('input', 400, { error: "'input' field must be a string or an array of strings" }),
    refusal('failing server', 500, { error: 'Received embed-string-error' }),
  ],
};
