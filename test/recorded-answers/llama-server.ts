import { numbered, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (code: number, type: string, message: string, more: object = {}) => ({
  error: { code, message, type, ...more },
});

export const llamaServer: RecordedVendor = {
  vendor: 'llama-server',
  good: {
    body: {
      model: 'nomic-embed-text-v1.5.Q4_K_M.gguf',
      object: 'list',
      usage: { prompt_tokens: 12, total_tokens: 12 },
      data: numbered,
    },
    index: true,
    usage: ['prompt_tokens', 12],
  },
  refusals: [
    refusal('bad key', 401, error(401, 'authentication_error', 'Invalid API Key')),
    refusal(
      'model',
      501,
      error(
        501,
        'not_supported_error',
        'This server does not support embeddings. Start it with `--embeddings`',
      ),
    ),
    refusal(
      'too many tokens',
      400,
      error(400, 'exceed_context_size_error', 'the request exceeds the available context size', {
        n_prompt_tokens: 900,
        n_ctx: 512,
      }),
    ),
    refusal('input', 400, error(400, 'invalid_request_error', 'Input content cannot be empty')),
    refusal(
      'failing server',
      500,
      error(500, 'server_error', 'input is too large to process. increase the physical batch size'),
    ),
    // While it loads its model.
    refusal('passing', 503, error(503, 'unavailable_error', 'Loading model')),
  ],
};
