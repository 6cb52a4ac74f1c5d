import { z } from 'zod';
import { changedViewSchema, dryRunSchema, patchSchema, viewSchema } from '../../llm-config/schemas.ts';
import { reads, tool } from '../tool.ts';

const path = '/tenants/me/llm-config';
const settings = viewSchema.omit({ profile: true });
/** What a change can have changed. It shows no hint of a key: who changes one knows it. */
const changed = settings.pick({
  ...{ has_api_key: true, api_key_status: true, has_embedding_key: true, embedding_key_status: true },
  ...{ monthly_token_budget: true, effective: true },
});
const { embedding, anthropic } = dryRunSchema.shape.data.shape;
const trial = z.object({
  embedding: embedding.unwrap().omit({ profile: true }).optional(),
  anthropic,
});

/** The tool `llm_config`: the tenant's provider settings, without keys. */
export const llmConfigTool = tool({
  name: 'llm_config',
  title: 'Read the provider settings',
  description:
    "Returns the tenant's providers, models, budget and the state of its keys; of a key itself only the last four characters. " +
    'Use it when `status` names `no_api_key`, `credential_rejected` or `model_not_found`. Costs nothing.',
  annotations: reads,
  route: { method: 'get', path },
  input: z.strictObject({}),
  output: settings,
  async run(_input, call) {
    const answer = await call({ method: 'get', path });
    if (answer.kind === 'refused') return answer;
    return { kind: 'answer', summary: 'The settings as they are now.', data: settings.parse(answer.body) };
  },
});

/** The tool `set_llm_config`: changes them. The keys in its arguments are in no answer. */
export const setLlmConfigTool = tool({
  name: 'set_llm_config',
  title: 'Change the provider settings',
  description:
    'Changes the named settings; the others stay, and `null` removes one. Use it only when a person asks for it and has given ' +
    'you the key: it stays in this conversation, so a person may rather set it through the API. A key is never shown again. ' +
    '`verify: true` stores the change only if a real call with it works, and `dry_run: true` only tries it; both cost a few ' +
    "tokens. Another embedding model embeds every article again, at the tenant's cost. Another provider or address needs " +
    'the key again.',
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  route: { method: 'patch', path },
  input: z.strictObject({
    ...patchSchema.shape,
    dry_run: z.boolean().default(false).describe('Only tries the change and stores nothing'),
  }),
  output: z.object({
    stored: z.boolean(),
    settings: changed.optional(),
    trial: trial.optional().describe('Of a dry run: the result of each call'),
    notices: changedViewSchema.shape.notices,
  }),
  async run({ dry_run, ...body }, call) {
    const answer = await call({ method: 'patch', path, query: { dry_run: String(dry_run) }, body });
    if (answer.kind === 'refused') return answer;
    if (dry_run) {
      const { data, notices } = dryRunSchema.parse(answer.body);
      return {
        kind: 'answer',
        summary: 'Tried; nothing was stored.',
        data: { stored: false, trial: data, ...(notices ? { notices } : {}) },
      };
    }
    const { notices, ...view } = changedViewSchema.parse(answer.body);
    return {
      kind: 'answer',
      summary: 'Stored.',
      data: { stored: true, settings: view, ...(notices ? { notices } : {}) },
    };
  },
});
