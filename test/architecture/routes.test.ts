import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { oas31 } from 'zod-openapi';
import { auditActions } from '../../src/audit/actions.ts';
import { openApiPath } from '../../src/http/openapi.ts';
import { problemCodesByStatus } from '../../src/platform/http/response-contract.ts';
import type { Route } from '../../src/platform/http/route.ts';
import { document, routes } from './declared-routes.ts';
import { expectedAnswers } from './expected-answers.ts';

const named = routes.map((route): [string, Route] => [name(route), route]);

describe('the OpenAPI document of all routes', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone({ ...document }))).toMatchObject({ valid: true });
  });

  it('has every route once, and no other', () => {
    const documented = Object.entries(document.paths ?? {}).flatMap(
      ([path, item]: [string, oas31.PathItemObject]) =>
        (['get', 'post', 'patch', 'delete', 'put'] as const)
          .filter((method) => item[method])
          .map((method) => `${method.toUpperCase()} ${path}`),
    );
    const platform = ['GET /healthz', 'GET /readyz', 'GET /metrics', 'GET /openapi.json'];
    const declared = routes.map((route) => `${route.method.toUpperCase()} ${openApiPath(route.path)}`);
    expect(documented.sort()).toEqual([...platform, ...declared].sort());
  });

  it('lists every action that GET /audit can filter by', () => {
    const parameters = JSON.stringify(document.paths?.['/audit']?.get?.parameters);
    for (const action of auditActions) expect(parameters).toContain(`\`${action}\``);
  });

  it('gives every operation an id of its own', () => {
    const ids = routes.map((route) => operationOf(route)?.operationId);
    expect(new Set(ids).size).toBe(routes.length);
  });
});

describe.each(named)('%s', (_, route) => {
  const operation = operationOf(route);

  it('documents every status and code that it can answer', () => {
    const expected = expectedAnswers[name(route)];
    const responses = Object.entries(operation?.responses ?? {});
    const successes = responses.map(([status]) => status).filter((status) => status.startsWith('2'));
    expect(successes).toEqual(expected?.successes.map(String));
    const problems = responses.filter(([status]) => !status.startsWith('2'));
    const codes = problems.map(([status, response]) => [status, codesOf(response)]);
    expect(Object.fromEntries(codes)).toEqual(expected?.problems);
  });

  it('answers successes with 2xx and no status in two ways', () => {
    for (const status of Object.keys(route.replies)) expect(status).toMatch(/^2\d\d$/);
    for (const status of problemCodesByStatus(route).keys())
      expect(route.replies).not.toHaveProperty(String(status));
  });

  it('says what it is for, and for whom', () => {
    expect(route.summary).not.toBe('');
    expect(operation?.['x-lowest-role']).toBe(route.role);
    expect(operation?.description).toContain(`\`${route.role}\``);
  });

  it('documents every parameter of its path', () => {
    const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, parameter]) => parameter);
    const documented = (operation?.parameters ?? [])
      .map(resolve)
      .filter((parameter) => JSON.stringify(parameter).includes('"in":"path"'))
      .map((parameter) =>
        typeof parameter === 'object' && parameter !== null ? Reflect.get(parameter, 'name') : undefined,
      );
    expect(documented.sort()).toEqual(inPath.sort());
  });

  it('refuses unknown fields in its body, at every depth', () => {
    expect(openObjects(operation?.requestBody, 'body')).toEqual([]);
  });

  it.runIf(route.body)('shows an example of its body, which it would take', async () => {
    const example = bodyExample.parse(operation?.requestBody).content['application/json'].example;
    expect(example).toBeDefined();
    expect(await route.body?.safeParseAsync(example)).toMatchObject({ success: true });
  });

  it('takes an Idempotency-Key only where something is made', () => {
    if (route.idempotent) expect(route.method).toBe('post');
    if (route.secretFields) expect(route.idempotent).toBe(true);
  });
});

describe('every POST of a tenant', () => {
  it('takes an Idempotency-Key', () => {
    const without = routes.filter(({ method, idempotent }) => method === 'post' && !idempotent).map(name);
    expect(without).toEqual([]);
  });
});

function name(route: Route) {
  return `${route.method.toUpperCase()} ${route.path}`;
}

function operationOf(route: Route) {
  return document.paths?.[openApiPath(route.path)]?.[route.method];
}

/** What a reference points at, or the thing itself. */
function resolve(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$ref' in value) || typeof value.$ref !== 'string') {
    return value;
  }
  return value.$ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>(
      (at, step) => (typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined),
      document,
    );
}

/** Every object of a schema that lets unknown fields pass although it has named ones, by its path. */
function openObjects(schema: unknown, path: string): string[] {
  const found = resolve(schema);
  if (typeof found !== 'object' || found === null) return [];
  const isOpen = 'properties' in found && Reflect.get(found, 'additionalProperties') !== false;
  return [
    ...(isOpen ? [path] : []),
    ...Object.entries(found).flatMap(([key, child]) => openObjects(child, `${path}.${key}`)),
  ];
}

const bodyExample = z.object({
  content: z.object({ 'application/json': z.object({ example: z.unknown().optional() }) }),
});

const problemResponse = z.object({
  content: z.object({
    'application/problem+json': z.object({
      schema: z.object({
        properties: z.object({
          code: z.union([z.object({ const: z.string() }), z.object({ enum: z.array(z.string()) })]),
        }),
      }),
    }),
  }),
});

/** The codes that the document has for a problem, in alphabetical order. */
function codesOf(response: unknown): string[] {
  const { code } = problemResponse.parse(resolve(response)).content['application/problem+json'].schema
    .properties;
  return 'const' in code ? [code.const] : code.enum.toSorted();
}
