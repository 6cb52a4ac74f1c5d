import { z } from 'zod';

const limit = z.int().positive().nullable();

/** How the tenant's embedding model is used, in a reply: what is known of its vendor, corrected by what calls have found out. */
export const profileSchema = z
  .object({
    encoding: z
      .enum(['float', 'base64', 'unnamed'])
      .describe('How vectors come; `unnamed` where a request must not say so'),
    dimensions_parameter: z
      .enum(['dimensions', 'output_dimension', 'none'])
      .describe('The field of a request that asks for dimensions'),
    input_style: z
      .enum(['none', 'field', 'prefix'])
      .describe(
        'How queries and passages differ in a request: not at all, by a field, or by words before the text',
      ),
    max_inputs: limit.describe('Most texts in a request; null is not known'),
    max_request_tokens: limit,
    max_input_tokens: limit,
    found_at: z.iso
      .datetime()
      .nullable()
      .describe('When a call last found something out; null before the first call that worked'),
  })
  .meta({ id: 'EmbeddingProfile' });

export type ProfileView = z.output<typeof profileSchema>;
