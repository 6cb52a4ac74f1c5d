import { z } from 'zod';
import type { ZodOpenApiPathItemObject, ZodOpenApiPathsObject } from 'zod-openapi';

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'degraded', 'not_ready']),
    dependencies: z.array(
      z.object({
        name: z.string(),
        required: z.boolean(),
        ok: z.boolean(),
        degrades: z.string().optional().meta({ description: 'What does not work while it is away' }),
      }),
    ),
  })
  .meta({ id: 'Readiness' });

const tag = 'platform';

/** These stand beside the API: at the root, and open to whoever reaches the port. */
const atRoot = { servers: [{ url: '/' }] };
const open = { tags: [tag], security: [] };

const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });

/** The paths for operators and tools, as the document shows them. */
export const platformPaths: ZodOpenApiPathsObject = {
  '/healthz': {
    ...atRoot,
    get: {
      ...open,
      operationId: 'getHealthz',
      summary: 'Whether the process is alive',
      responses: { '200': { description: 'It is', ...json(z.object({ status: z.literal('ok') })) } },
    },
  },
  '/readyz': {
    ...atRoot,
    get: {
      ...open,
      operationId: 'getReadyz',
      summary: 'Each dependency by name, and what degrades without it',
      responses: {
        '200': { description: 'Every required dependency is there', ...json(readinessSchema) },
        '503': { description: 'A required dependency is away', ...json(readinessSchema) },
      },
    },
  },
  '/metrics': {
    ...atRoot,
    get: {
      ...open,
      operationId: 'getMetrics',
      summary: 'Metrics in the Prometheus text format',
      responses: { '200': { description: 'The metrics', content: { 'text/plain': { schema: z.string() } } } },
    },
  },
  '/openapi.json': {
    get: {
      ...open,
      operationId: 'getOpenapiJson',
      summary: 'This document',
      responses: { '200': { description: 'The document', ...json(z.record(z.string(), z.unknown())) } },
    },
  } satisfies ZodOpenApiPathItemObject,
};
