import { numbered, page, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (code: number, message: string, metadata?: object) => ({
  error: { code, message, ...(metadata === undefined ? {} : { metadata }) },
});

export const openrouter: RecordedVendor = {
  vendor: 'openrouter',
  good: {
    body: {
      object: 'list',
      data: numbered,
      model: 'text-embedding-3-small',
      usage: { prompt_tokens: 14, total_tokens: 14, cost: 0.00000028 },
      provider: 'OpenAI',
      id: 'gen-emb-1',
    },
    index: true,
    usage: ['prompt_tokens', 14],
  },
  refusals: [
    refusal('bad key', 401, error(401, 'User not found.')),
    refusal('model', 400, error(400, 'nobody/none is not a valid model ID')),
    refusal('model', 404, error(404, 'No endpoints found for nobody/none.')),
    // The key is good here: it is the one that OpenRouter has at the vendor behind it.
    refusal('permission', 403, error(403, 'This key is not allowed to use this provider.')),
    refusal('bill', 402, error(402, 'Insufficient credits.', { limit_source: 'openrouter_credits' })),
    refusal('bill', 403, error(403, 'Key limit exceeded (total limit).')),
    refusal('rate', 429, error(429, 'Rate limit exceeded: limit_rpm', { provider_name: null })),
    refusal('quota of the day', 429, error(429, 'Rate limit exceeded: free-models-per-day.')),
    refusal(
      'too many tokens',
      400,
      error(400, 'Provider returned error', {
        raw: JSON.stringify({
          error: { code: 'context_length_exceeded', message: 'maximum context length' },
        }),
        provider_name: 'Other',
      }),
    ),
    refusal(
      'input',
      403,
      error(403, 'Your chosen model requires moderation and your input was flagged.', {
        reasons: ['violence'],
        flagged_input: 'a few words',
      }),
    ),
    // A good status may hold an error as well.
    refusal('passing', 200, error(502, 'Provider returned error', { provider_name: 'Other' })),
    refusal('timeout', 408, error(408, 'The request timed out')),
    page(403, 'Attention required'),
  ],
};
