import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { z } from 'zod';

const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'alerts.yml');

/** The part of Prometheus' rule format that the file uses; anything else in it is a slip. */
const rulesSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z
        .array(
          z.strictObject({
            alert: z.string().regex(/^Lorekeep[A-Za-z]+$/),
            expr: z.string(),
            for: z
              .string()
              .regex(/^\d+[smh]$/)
              .optional(),
            labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
            annotations: z.strictObject({ summary: z.string().min(20), runbook: z.string().min(80) }),
          }),
        )
        .min(1),
    }),
  ),
});

/** The rules of docs/alerts.yml. Throws where the file has another format. */
export async function readAlertRules() {
  const { groups } = rulesSchema.parse(parse(await readFile(file, 'utf8')));
  return groups.flatMap((group) => group.rules);
}

/** Nodes of an expression by the grammar of Prometheus itself. */
export function nodesOf(
  expression: string,
): { readonly kind: string; readonly text: string; readonly bad: boolean }[] {
  const nodes: { kind: string; text: string; bad: boolean }[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to }) => {
      nodes.push({ kind: type.name, text: expression.slice(from, to), bad: type.isError });
    },
  });
  return nodes;
}
