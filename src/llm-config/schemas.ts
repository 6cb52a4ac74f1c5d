import { z } from 'zod';
import { vendorNames } from '../providers/catalogue/create-catalogue.ts';
import { keyStatuses } from './key-status.ts';
import { profileSchema } from './profile-view.ts';
import { triedSchemas } from './tried-call.ts';

/** Above any key with what it may be pasted with; the longest key is checked when it is read out of it. */
const maxPastedLength = 4_000;

/** A provider's key as a client sends it, perhaps with what it was pasted with. */
const apiKey = z
  .string()
  .max(maxPastedLength, `must have at most ${maxPastedLength} characters`)
  .nullable()
  .optional();

const model = z
  .string()
  .regex(/^[A-Za-z0-9._:/@+-]{1,200}$/, 'must have 1 to 200 letters, digits and . _ : / @ + -')
  .nullable()
  .optional();

const dimensionsRule = 'must be a whole number from 1 to 16000, or null for those of the model';

const budgetRule = 'must be a whole number from 0, or null for no budget';

/** The body of PATCH. */
export const patchSchema = z
  .strictObject({
    api_key: apiKey.describe("Anthropic's key, for extraction"),
    embedding_api_key: apiKey.describe('The key of the embedding provider'),
    embedding_provider: z
      .enum(vendorNames)
      .nullable()
      .optional()
      .describe("A name of `GET /providers`; null is the installation's own provider"),
    embedding_base_url: z
      .string()
      .max(4_000, 'must have at most 4000 characters')
      .nullable()
      .optional()
      .describe(
        'The address of the API without `/embeddings`, or the parts of a template as `name=value` joined by `&`. Null where ' +
          'the provider has an address of its own',
      ),
    embedding_model: model,
    embedding_dimensions: z
      .number(dimensionsRule)
      .int(dimensionsRule)
      .min(1, dimensionsRule)
      .max(16_000, dimensionsRule)
      .nullable()
      .optional()
      .describe('How many numbers a vector has, for models that let a request choose'),
    rerank_model: model.describe(
      'The model that `rerank=true` asks; only with an `embedding_provider` that has reranking',
    ),
    extraction_model: model,
    classification_model: model,
    merge_model: model,
    monthly_token_budget: z.number(budgetRule).int(budgetRule).min(0, budgetRule).nullable().optional(),
    verify: z
      .boolean('must be true or false')
      .nullable()
      .optional()
      .describe('Stores the change only if a real call works with each provider that it concerns'),
  })
  .meta({
    id: 'LlmConfigPatch',
    examples: [
      {
        embedding_api_key: 'sk-your-own-embedding-key',
        embedding_model: 'text-embedding-3-small',
        verify: true,
      },
      {
        embedding_provider: 'azure-openai',
        embedding_base_url: 'resource=contoso',
        embedding_model: 'our-deployment',
        embedding_api_key: 'your-own-embedding-key',
      },
      { api_key: null, monthly_token_budget: 2_000_000 },
    ],
  });

/** The query of PATCH. */
export const patchQuerySchema = z.strictObject({
  dry_run: z
    .enum(['true', 'false'], 'must be true or false')
    .optional()
    .describe('`true`: calls are made with the change, and nothing of it is stored'),
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
    embedding_provider: z.string().nullable(),
    embedding_base_url: z.string().nullable(),
    embedding_model: ownModel,
    embedding_dimensions: z.number().int().nullable(),
    rerank_model: ownModel,
    extraction_model: ownModel,
    classification_model: ownModel,
    merge_model: ownModel,
    monthly_token_budget: z.number().int().nullable(),
    effective: z
      .object({
        embedding_provider: z.string(),
        embedding_base_url: z.string(),
        embedding_model: z.string(),
        embedding_dimensions: z
          .number()
          .int()
          .nullable()
          .describe('Null where only the first call shows them'),
        rerank_model: z.string().nullable().describe('Null where the provider has no reranking'),
        extraction_model: z.string(),
        classification_model: z.string(),
        merge_model: z.string(),
      })
      .describe("What is in use: the tenant's own settings, or the defaults"),
    profile: profileSchema,
  })
  .meta({ id: 'LlmConfig' });

const notices = z
  .array(z.object({ path: z.string(), message: z.string() }))
  .optional()
  .describe('What was put right or is worth knowing, by field. Absent where there is nothing');

/** The settings after a change. */
export const changedViewSchema = viewSchema.extend({ notices }).meta({ id: 'ChangedLlmConfig' });

/** The results of a dry run. */
export const dryRunSchema = z
  .object({
    data: z
      .object({ embedding: triedSchemas.embedding.optional(), anthropic: triedSchemas.anthropic.optional() })
      .describe('The result of each call. A provider that the change does not concern is absent'),
    notices,
  })
  .meta({ id: 'LlmConfigDryRun' });
