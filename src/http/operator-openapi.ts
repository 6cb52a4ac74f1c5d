import { z } from 'zod';
import type { ZodOpenApiPathItemObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { providers } from '../domain/operations.ts';
import { transportCauses } from '../domain/transport-cause.ts';
import { addressOwners } from '../providers/status/recent-causes.ts';

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'degraded', 'not_ready']),
    dependencies: z.array(
      z.object({
        name: z.string(),
        required: z.boolean(),
        ok: z.boolean(),
        degrades: z.string().optional().meta({ description: 'What does not work until it answers again' }),
      }),
    ),
    provider_failures: z
      .array(
        z.object({
          provider: z.enum(providers),
          addresses: z.enum(addressOwners).meta({
            description:
              'Of the address that the operator chose for all tenants, or of those that tenants chose',
          }),
          cause: z.enum(transportCauses),
          count: z.number().int().positive(),
          last_at: z.iso.datetime(),
        }),
      )
      .meta({
        description:
          'How connections of this process to providers have failed in the last ten minutes, the newest first. They decide nothing about the status.',
      }),
  })
  .meta({ id: 'Readiness' });

const tag = 'platform';

/** These paths are at the root, not under the API, and need no key. */
const atRoot = { servers: [{ url: '/' }] };
const open = { tags: [tag], security: [] };

const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });

/** The operator paths of the document. */
export const platformPaths: ZodOpenApiPathsObject = {
  '/healthz': {
    ...atRoot,
    get: {
      ...open,
      operationId: 'getHealthz',
      summary: 'Whether the process is alive',
      responses: {
        '200': { description: 'The process is alive', ...json(z.object({ status: z.literal('ok') })) },
      },
    },
  },
  '/readyz': {
    ...atRoot,
    get: {
      ...open,
      operationId: 'getReadyz',
      summary: 'Whether each dependency answers, and what degrades without it',
      responses: {
        '200': { description: 'Every required dependency answers', ...json(readinessSchema) },
        '503': { description: 'A required dependency does not answer', ...json(readinessSchema) },
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
