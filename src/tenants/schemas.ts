import { z } from 'zod';
import { tenantRoles } from '../domain/roles.ts';
import { cursor } from '../platform/http/cursor.ts';
import { limit, text, uuid } from '../platform/http/schemas.ts';

const slug = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    'must have 1 to 63 lower-case letters, digits and hyphens, and not begin with a hyphen',
  );

const role = z.enum(tenantRoles);
const time = z.iso.datetime();

const label = text({ max: 200 }).describe('A name for the key, for people');
const budgetRule = 'must be a whole number from 1 to 9007199254740991, or null for no budget';
const dailyTokenBudget = z
  .number(budgetRule)
  .int(budgetRule)
  .min(1, budgetRule)
  .nullable()
  .describe(
    'The most tokens that the provider calls of this key may cost on a day (UTC): its searches, its proposals, the vectors of what it writes and its trials of keys. Null for no limit beside the tenant’s month',
  );

/** A new tenant: the body of the route and the options of the admin command. */
export const newTenantSchema = z
  .strictObject({ slug, name: text({ max: 200 }) })
  .meta({ id: 'NewTenant', examples: [{ slug: 'acme', name: 'Acme Research' }] });

/** The body of a request for a new API key. */
export const newApiKeySchema = z
  .strictObject({
    label,
    role,
    expires_at: z.iso
      .datetime({ offset: true, error: 'must be a date and time in ISO 8601, with a time zone' })
      .transform((given) => new Date(given))
      .refine((at) => at.getTime() > Date.now(), 'must be in the future')
      .refine((at) => at.getUTCFullYear() < 9999, 'must be before the year 9999')
      .nullable()
      .default(null),
    daily_token_budget: dailyTokenBudget.default(null),
  })
  .meta({
    id: 'NewApiKey',
    examples: [
      {
        label: 'indexing agent',
        role: 'agent',
        expires_at: '2031-01-31T00:00:00Z',
        daily_token_budget: 100_000,
      },
    ],
  });

/** The body of a change of an API key. */
export const apiKeyPatchSchema = z
  .strictObject({ label: label.optional(), daily_token_budget: dailyTokenBudget.optional() })
  .meta({ id: 'ApiKeyPatch', examples: [{ daily_token_budget: 50_000 }] });

export const apiKeyIdSchema = z.object({ id: uuid });
export const tenantIdSchema = z.object({ id: uuid });

/** The cursor is the id of a key: the page begins after it. */
export const apiKeyPageSchema = z.strictObject({ limit: limit(), cursor: cursor(uuid).optional() });

const apiKeyView = z.object({
  id: z.uuid(),
  label: z.string(),
  role,
  hint: z.string().meta({ examples: ['...x7Qk'] }),
  created_at: time,
  expires_at: time.nullable(),
  revoked_at: time.nullable(),
  last_used_at: time.nullable().describe('The time of the last use, exact to the minute'),
  daily_token_budget: z.number().int().nullable(),
});
const apiKey = apiKeyView.meta({ id: 'ApiKey' });

const shownOnce = z
  .string()
  .nullable()
  .describe('The key, shown once: null when the answer is repeated for the same Idempotency-Key')
  .meta({ examples: ['lk_…'] });

export const apiKeyListReply = z.object({
  data: z.array(apiKey),
  meta: z.object({ next_cursor: z.string().nullable() }),
});

export const apiKeyReply = z.object({ data: apiKey });

export const issuedKeyReply = z.object({
  data: apiKeyView.extend({ key: shownOnce }).meta({ id: 'IssuedApiKey' }),
});

export const createdTenantReply = z.object({
  data: z
    .object({
      tenant: z.object({ id: z.uuid(), slug: z.string(), name: z.string(), created_at: time }),
      keys: z.object({ agent: shownOnce, orchestrator: shownOnce, user: shownOnce }),
    })
    .meta({ id: 'CreatedTenant' }),
});
