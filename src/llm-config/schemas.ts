import { z } from 'zod';
import { keyStatuses } from './key-status.ts';

const keyRule = 'must have 20 to 500 printable ASCII characters';

/** A provider's key as a client sends it. Spaces and line breaks around it, as from a paste, are removed. */
const apiKey = z
  .string()
  .trim()
  .regex(/^[\x20-\x7e]{20,500}$/, keyRule)
  .nullable()
  .optional();

const model = z
  .string()
  .regex(/^[A-Za-z0-9._:/-]{1,200}$/, 'must have 1 to 200 letters, digits and . _ : / -')
  .nullable()
  .optional();

const budgetRule = 'must be a whole number from 0, or null for no budget';

/** The body of PATCH. */
export const patchSchema = z
  .strictObject({
    api_key: apiKey.describe("Anthropic's key, for extraction"),
    embedding_api_key: apiKey.describe('The key of the embedding provider'),
    embedding_model: model,
    extraction_model: model,
    classification_model: model,
    merge_model: model,
    monthly_token_budget: z.number(budgetRule).int(budgetRule).min(0, budgetRule).nullable().optional(),
  })
  .meta({
    id: 'LlmConfigPatch',
    examples: [
      { embedding_api_key: 'sk-your-own-embedding-key', embedding_model: 'text-embedding-3-small' },
      { api_key: null, monthly_token_budget: 2_000_000 },
    ],
  });

const hint = z
  .string()
  .nullable()
  .meta({ examples: ['...4f2a'] });
const ownModel = z.string().nullable();
const status = z.enum(keyStatuses);
const time = z.iso.datetime().nullable();

/** The settings in a reply. */
export const viewSchema = z
  .object({
    has_api_key: z.boolean(),
    api_key_hint: hint,
    api_key_status: status,
    api_key_updated_at: time,
    has_embedding_key: z.boolean(),
    embedding_api_key_hint: hint,
    embedding_key_status: status,
    embedding_key_updated_at: time,
    embedding_model: ownModel,
    extraction_model: ownModel,
    classification_model: ownModel,
    merge_model: ownModel,
    monthly_token_budget: z.number().int().nullable(),
    effective: z
      .object({
        embedding_model: z.string(),
        extraction_model: z.string(),
        classification_model: z.string(),
        merge_model: z.string(),
      })
      .describe("The models in use: the tenant's own, or the defaults"),
  })
  .meta({ id: 'LlmConfig' });
