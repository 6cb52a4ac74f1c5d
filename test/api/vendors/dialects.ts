import type { Dialect, EmbeddingAnswer } from '../../support/dialect-proxy.ts';

const refusal = (status: number, body: unknown) => ({ status, body });

const withVectors = (
  answer: EmbeddingAnswer,
  change: (item: EmbeddingAnswer['data'][number]) => Readonly<Record<string, unknown>>,
) => ({ ...answer, data: answer.data.map(change) });

/** Dialects of servers that people run, each with one way of its own. */
export const dialects = {
  plain: {},
  'no-index': { answer: (answer) => withVectors(answer, ({ index: _, ...item }) => item) },
  base64: {
    answer: (answer) =>
      withVectors(answer, (item) => ({
        ...item,
        embedding: Buffer.from(new Float32Array(item.embedding).buffer).toString('base64'),
      })),
  },
  'total-tokens': {
    answer: ({ usage, ...answer }) => ({ ...answer, usage: { total_tokens: usage.total_tokens } }),
  },
  'no-encoding-format': {
    refuse: ({ fields }) =>
      fields.includes('encoding_format')
        ? refusal(400, {
            detail:
              "The request body is not valid JSON, or some arguments were not specified properly. In particular, Argument 'encoding_format' is not supported",
          })
        : undefined,
  },
  'no-input-type': {
    refuse: ({ fields }) =>
      fields.includes('input_type')
        ? refusal(422, {
            detail: [
              {
                type: 'extra_forbidden',
                loc: ['body', 'input_type'],
                msg: 'Extra inputs are not permitted',
                input: 'passage',
              },
            ],
          })
        : undefined,
  },
  'no-extra-fields': {
    refuse({ fields }) {
      const extra = fields.filter((field) => !['model', 'input'].includes(field));
      return extra.length === 0
        ? undefined
        : refusal(422, {
            object: 'error',
            message: {
              detail: extra.map((field) => ({
                type: 'extra_forbidden',
                loc: ['body', field],
                msg: 'Extra inputs are not permitted',
              })),
            },
            type: 'invalid_request_error',
          });
    },
  },
  'api-key-header': {
    refuse: ({ headers }) =>
      headers['api-key'] === undefined || headers.authorization !== undefined
        ? refusal(401, {
            error: {
              code: '401',
              message: 'Access denied due to invalid subscription key or wrong API endpoint.',
            },
          })
        : undefined,
  },
  'two-inputs': {
    refuse: ({ inputs }) =>
      inputs.length > 2
        ? refusal(413, {
            message: `batch size ${inputs.length} > maximum allowed batch size 2`,
            code: 413,
            type: 'Validation',
          })
        : undefined,
  },
  'api-version': {
    refuse: ({ query }) =>
      query === '?api-version=2024-10-21'
        ? undefined
        : refusal(404, { error: { code: '404', message: 'Resource not found' } }),
  },
} as const satisfies Readonly<Record<string, Dialect>>;

export type DialectName = keyof typeof dialects;
