import { type RecordedRefusal, refusal } from './recorded-vendor.ts';

/** The answers of a vendor's reranking, written down from its documents and from what its users report. */
export interface RecordedReranking {
  /** The entry of the catalogue. */
  readonly vendor: string;
  /** A good answer to a request with three texts, of which the third is the best and the first the worst. */
  readonly good: {
    readonly body: unknown;
    /** The tokens that it tells; null where it is billed by the search and tells none. */
    readonly tokens: number | null;
  };
  readonly refusals: readonly RecordedRefusal[];
}

const scores = [
  { index: 2, relevance_score: 0.92 },
  { index: 1, relevance_score: 0.455078125 },
  { index: 0, relevance_score: 0.0003 },
];

const ofCohere = (message: string) => ({ id: '44558cc5-318a-42ac-bf42-9b9f3c6afabd', message });
const detail = (message: unknown) => ({ detail: message });
const notProper = 'The request body is not valid JSON, or some arguments were not specified properly.';

/** Every vendor of the catalogue that reranks. */
export const recordedReranking: readonly RecordedReranking[] = [
  {
    vendor: 'cohere',
    good: {
      body: {
        id: '07734bd2-2473-4f07-94e1-0d9f0e6843cf',
        results: scores,
        meta: {
          api_version: { version: '2', is_experimental: false },
          billed_units: { search_units: 1 },
        },
      },
      tokens: null,
    },
    refusals: [
      refusal('bad key', 401, ofCohere('invalid api token')),
      refusal(
        'model',
        404,
        ofCohere(
          "model 'rerank-gone' not found, make sure the correct model ID was used and that you have access to the model.",
        ),
      ),
      refusal('bill', 402, ofCohere('Please add or update your payment method to continue')),
      refusal('rate', 429, ofCohere('You are using a Trial key, which is limited to 10 API calls / minute.')),
      refusal(
        'failing server',
        500,
        ofCohere('internal server error, this has been reported to our developers. id 4a71da75'),
      ),
      refusal('passing', 503, ofCohere('service unavailable')),
    ],
  },
  {
    vendor: 'voyage',
    good: {
      body: { object: 'list', data: scores, model: 'rerank-2.5', usage: { total_tokens: 57 } },
      tokens: 57,
    },
    refusals: [
      refusal('bad key', 401, detail('Provided API key is invalid.')),
      refusal(
        'model',
        400,
        detail("Model rerank-0 is not supported. Supported models are ['rerank-2.5', 'rerank-2.5-lite']."),
      ),
      refusal(
        'rate',
        429,
        detail('You have not yet added your payment method and have reduced rate limits of 3 RPM.'),
      ),
      refusal(
        'too many tokens',
        400,
        detail(
          "Request to model 'rerank-2.5' failed. The max allowed tokens per submitted batch is 600000. Your batch has 645736 tokens after truncation. Please lower the number of tokens in the batch.",
        ),
      ),
      refusal(
        'input',
        400,
        detail(`${notProper} In particular, Input cannot contain empty strings or empty lists`),
      ),
      refusal('passing', 502, ''),
    ],
  },
  {
    vendor: 'jina',
    good: {
      body: {
        model: 'jina-reranker-v3',
        object: 'list',
        usage: { total_tokens: 815 },
        results: scores,
      },
      tokens: 815,
    },
    refusals: [
      refusal('bad key', 401, detail('Invalid API key')),
      refusal(
        'model',
        422,
        detail([{ type: 'enum', loc: ['body', 'model'], msg: 'Input should be a known model' }]),
      ),
      refusal('bill', 402, detail('The balance of this key is used up.')),
      refusal('bill', 403, detail('Account balance not enough to run this query, please recharge')),
      refusal('rate', 429, detail('Rate limit exceeded, please try again later.')),
      refusal('passing', 524, ''),
      refusal('passing', 503, detail('All replicas are busy.')),
    ],
  },
];
