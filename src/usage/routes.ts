import { z } from 'zod';
import { invalidField } from '../platform/http/problem.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { type UsageGrouping, usageGroupings } from './ledger-store.ts';
import type { Usage } from './service.ts';

/** A day that Postgres knows, too: it has no year 0. */
const isoDay = z.iso
  .date('must be a day such as 2026-01-31')
  .refine((day) => day >= '1970-01-01', 'must not be before 1970')
  .meta({ description: 'A day in UTC', example: '2026-01-31' });

const groupBy = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((part) => part.trim()))])
  .pipe(z.array(z.enum(usageGroupings)).min(1).max(usageGroupings.length))
  .meta({
    description: `Comma-separated, any of ${usageGroupings.join(', ')}; a field that is not named is summed over and null`,
    example: 'day,model',
  });

const usageRow = z
  .object({
    day: z.string().nullable(),
    operation: z.string().nullable(),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    source: z.string().nullable(),
    api_key_id: z
      .string()
      .nullable()
      .meta({ description: 'The API key whose daily budget paid; null for calls of no key' }),
    input_tokens: z.number().int(),
    output_tokens: z.number().int(),
    calls: z.number().int(),
    estimated_calls: z.number().int().meta({
      description:
        'Calls that were perhaps paid, and whose provider told no usage that can be believed: their tokens are what was reserved for them',
    }),
  })
  .meta({ id: 'UsageRow' });

/** The reply of the route. */
export const usageReply = z.object({
  data: z.array(usageRow),
  meta: z.object({
    from: z.string(),
    to: z.string(),
    group_by: z.array(z.string()),
    unknown_calls: z.number().int().meta({
      description:
        'Calls that a crash left without an outcome; they may have been paid, and are among the estimated calls',
    }),
  }),
});

const dayMs = 86_400_000;
/** Two megabytes of JSON or so. A year by all groupings can have some hundred thousand rows. */
const maxRows = 20_000;
const toDay = (time: number) => new Date(time).toISOString().slice(0, 10);
const everyGrouping: readonly UsageGrouping[] = usageGroupings;

/** GET /knowledge/llm-usage: the tenant's ledger. */
export function usageRoutes(deps: { readonly usage: Usage }): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/knowledge/llm-usage',
      role: 'orchestrator',
      tag: 'Usage',
      summary: 'Tokens and calls on the tenant’s own keys',
      description: `The last 30 days unless \`from\` and \`to\` say otherwise; at most 366 days, and at most ${maxRows} rows: a longer answer is refused, and needs fewer fields in \`group_by\` or a shorter period.`,
      query: z.strictObject({ from: isoDay.optional(), to: isoDay.optional(), group_by: groupBy.optional() }),
      replies: {
        200: {
          description: 'The ledger, summed',
          schema: usageReply,
        },
      },
      problems: [],
      async handle({ actor, query }) {
        const to = query.to ?? toDay(Date.now());
        const from = query.from ?? toDay(Date.parse(to) - 29 * dayMs);
        if (from > to) return invalidField('from', 'must not be after `to`');
        if (Date.parse(to) - Date.parse(from) > 365 * dayMs) {
          return invalidField('from', 'must be within 366 days of `to`');
        }
        const grouping = query.group_by ?? everyGrouping;
        const report = await deps.usage.report(actor.tenantId, {
          ...{ from, to, groupBy: grouping },
          // One more tells that there are more.
          maxRows: maxRows + 1,
        });
        if (report.rows.length > maxRows) {
          return invalidField(
            'group_by',
            `the answer would have more than ${maxRows} rows: name fewer fields, or choose a shorter period with \`from\` and \`to\``,
          );
        }
        return reply(200, {
          data: report.rows,
          meta: { from, to, group_by: grouping, unknown_calls: report.unknownCalls },
        });
      },
    }),
  ];
}
