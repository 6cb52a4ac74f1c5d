import { z } from 'zod';
import { usageReply } from '../../usage/routes.ts';
import { entriesWithin, maxContentTokens } from '../answer-bound.ts';
import { reads, tool } from '../tool.ts';

const groupings = ['day', 'operation', 'model', 'source', 'api_key'] as const;
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-01-31');

/** The tool `usage`: the tenant's ledger of tokens and calls. */
export const usageTool = tool({
  name: 'usage',
  title: 'Read tokens and calls',
  description:
    "Returns what was spent on the tenant's own provider keys: tokens and calls of the last 30 days, or from `from` to `to` (at " +
    'most 366 days), summed by `group_by`. Use it to find out what costs what. Costs nothing. When rows do not fit, group by ' +
    'less or ask for a shorter period.',
  annotations: reads,
  route: { method: 'get', path: '/knowledge/llm-usage' },
  input: z.strictObject({
    from: day.optional().describe('First day, UTC'),
    to: day.optional().describe('Last day, UTC'),
    group_by: z.array(z.enum(groupings)).min(1).max(groupings.length).default(['operation', 'model']),
  }),
  output: z.object({
    from: z.string(),
    to: z.string(),
    rows: z.array(usageReply.shape.data.element),
    omitted: z.int().describe('Rows that did not fit'),
    unknown_calls: z.int().describe('Calls that a crash left without an outcome'),
  }),
  async run({ from, to, group_by }, call) {
    const answer = await call({
      method: 'get',
      path: '/knowledge/llm-usage',
      query: { group_by: group_by.join(','), from, to },
    });
    if (answer.kind === 'refused') return answer;
    const { data, meta } = usageReply.parse(answer.body);
    const { kept, omitted } = entriesWithin(data, maxContentTokens);
    return {
      kind: 'answer',
      summary:
        omitted === 0
          ? `Rows: ${kept.length}.`
          : `The first ${kept.length} rows; ${omitted} did not fit. Group by less, or choose a shorter period.`,
      data: { from: meta.from, to: meta.to, rows: kept, omitted, unknown_calls: meta.unknown_calls },
    };
  },
});
