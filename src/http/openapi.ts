import { z } from 'zod';
import {
  createDocument,
  type oas31,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiRequestBodyObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { isFailureCode } from '../domain/failures.ts';
import { roles } from '../domain/roles.ts';
import { optionalGuidanceShape } from '../platform/http/guidance.ts';
import { strict } from '../platform/http/parse-request.ts';
import { type ProblemCode, problemTraits } from '../platform/http/problem.ts';
import { problemCodesByStatus, problemHeadersOf } from '../platform/http/response-contract.ts';
import type { Route } from '../platform/http/route.ts';
import { platformPaths } from './operator-openapi.ts';

/** The OpenAPI 3.1 document of the declared routes. Every served route is declared, so the document is complete. */
export function createOpenApiDocument(
  routes: readonly Route[],
  about: { readonly version: string },
): oas31.OpenAPIObject {
  const problemResponse = problemResponses();
  const paths: ZodOpenApiPathsObject = { ...platformPaths };
  for (const route of routes) {
    const name = openApiPath(route.path);
    paths[name] = { ...paths[name], [route.method]: operationOf(route, problemResponse) };
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Lorekeep',
      version: about.version,
      description:
        'A multi-tenant knowledge base. The API key determines the tenant; an id of another tenant gives 404. Failures are RFC 9457 problems, and their `code` is from a closed list. Beside a code of a provider, a key or a budget, `who` and `next_step` say who acts and what they do.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ apiKey: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: `An API key, \`lk_…\`. Roles: ${roles.join(' < ')}.`,
        },
      },
      headers: {
        RequestId: header("The request's id: the client's own `X-Request-Id`, or a new one."),
        RateLimitLimit: header('The number of requests that the API key may make in a minute.', 'integer'),
        RateLimitRemaining: header('The number of requests that are left in the current minute.', 'integer'),
        RateLimitReset: header('Seconds until all requests are available again.', 'integer'),
        RetryAfter: header('Seconds to wait before the next attempt.', 'integer'),
        WwwAuthenticate: header('`Bearer`, with an error code when the presented key is not valid.'),
        CurrentRevision: header('The current revision, in quotes.'),
        IdempotencyReplayed: header(
          '`true` when this is the answer of an earlier request with the same Idempotency-Key.',
        ),
      },
    },
  });
}

/** An express path in OpenAPI's form: `/articles/:id` becomes `/articles/{id}`. */
export function openApiPath(path: string): `/${string}` {
  return `/${path.slice(1).replace(/:(\w+)/g, '{$1}')}`;
}

function operationOf(
  route: Route,
  problemResponse: (status: number, codes: readonly ProblemCode[]) => ZodOpenApiResponseObject,
): ZodOpenApiOperationObject {
  const responses: ZodOpenApiResponsesObject = {};
  for (const [status, { description, schema, headers }] of Object.entries(route.replies)) {
    responses[statusKey(status)] = {
      description,
      headers: {
        ...everyAnswer,
        ...Object.fromEntries(
          Object.entries(headers ?? {}).map(([name, meaning]) => [name, header(meaning)]),
        ),
        ...(route.idempotent ? { 'Idempotency-Replayed': headerRef('IdempotencyReplayed') } : {}),
      },
      ...(schema ? { content: { 'application/json': { schema } } } : {}),
    };
  }
  for (const [status, codes] of problemCodesByStatus(route)) {
    responses[statusKey(String(status))] = problemResponse(status, codes);
  }
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, `Lowest role: \`${route.role}\`.`].filter(Boolean).join('\n\n'),
    'x-lowest-role': route.role,
    requestParams: {
      ...(route.params ? { path: objectSchema(route, 'params', route.params) } : {}),
      ...(route.query ? { query: objectSchema(route, 'query', strict(route.query)) } : {}),
    },
    parameters: headerParameters(route),
    ...(route.body
      ? {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: {
              'application/json': { schema: strict(route.body), ...exampleOf(route.body) },
              ...formOf(route),
            },
          },
        }
      : {}),
    responses,
  };
}

/**
 * The first example of a body, beside its schema: in the schema of a body that is changed as it is parsed (a list is bounded, a text
 * is trimmed) the library leaves the examples out.
 */
function exampleOf(body: z.ZodType): { readonly example?: unknown } {
  const named = body instanceof z.ZodOptional ? body.def.innerType : body;
  const [example] = z.globalRegistry.get(named)?.examples ?? [];
  return example === undefined ? {} : { example };
}

/** The form of a route that takes a file: the fields of its body without those in whose place the file stands. */
function formOf(route: Route): ZodOpenApiRequestBodyObject['content'] {
  if (route.upload === undefined || route.body === undefined) return {};
  const { description, maxBytes, replaces } = route.upload;
  const size = `at most ${Math.floor(maxBytes / 1_000_000)} MB`;
  const file = z.string().meta({
    description: `${description}, ${size}`,
    override: { type: 'string', contentMediaType: 'application/octet-stream' },
  });
  const fields = Object.entries(objectSchema(route, 'body', route.body).shape);
  const kept = Object.fromEntries(fields.filter(([name]) => !replaces.includes(name)));
  return { 'multipart/form-data': { schema: z.strictObject({ file, ...kept }) } };
}

function headerParameters(route: Route): oas31.ParameterObject[] {
  const once = route.secretFields?.length
    ? ` A repeated answer has null in the fields that are shown once: ${route.secretFields.map((field) => `\`${field}\``).join(', ')}.`
    : '';
  const declared = Object.entries(route.requestHeaders ?? {}).filter(
    ([name]) => !route.idempotent || name.toLowerCase() !== 'idempotency-key',
  );
  return [
    ...declared.map(
      ([name, description]): oas31.ParameterObject => ({
        in: 'header',
        name,
        description,
        schema: { type: 'string' },
      }),
    ),
    ...(route.idempotent
      ? [
          {
            in: 'header',
            name: 'Idempotency-Key',
            description: `For 24 hours, a request with the same key and body gets the first answer again, and one with another body gets 409. The key is sent bare or as a quoted string; a key with a comma or a quote must be quoted.${once}`,
            schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[ -~]+$' },
          } satisfies oas31.ParameterObject,
        ]
      : []),
    {
      in: 'header',
      name: 'X-Request-Id',
      description: "The client's own id for this request. It is logged and returned in the answer.",
      schema: { type: 'string', maxLength: 128, pattern: '^[\\w.:/+=-]+$' },
    },
  ];
}

/** One response component for each set of codes, shared by the routes that have it. */
function problemResponses(): (status: number, codes: readonly ProblemCode[]) => ZodOpenApiResponseObject {
  const made = new Map<string, ZodOpenApiResponseObject>();
  return (status, codes) => {
    const sorted = [...codes].sort();
    const id = sorted.map(pascalCase).join('Or');
    const known = made.get(id);
    if (known) return known;
    const response: ZodOpenApiResponseObject = {
      id,
      description: sorted.map((code) => `\`${code}\`: ${problemTraits(code).title}.`).join(' '),
      headers: { ...everyAnswer, ...problemHeaders(status) },
      content: { 'application/problem+json': { schema: problemSchema(status, sorted) } },
    };
    made.set(id, response);
    return response;
  };
}

const fieldErrorSchema = z
  .object({
    path: z.string().meta({ description: 'The field, such as `tags[3]`; empty for the body itself' }),
    message: z.string(),
  })
  .meta({ id: 'FieldError' });

function problemSchema(status: number, codes: readonly ProblemCode[]): z.ZodType {
  return z.object({
    type: z.string().meta({ description: 'The path of a page of this service that explains the code' }),
    title: z.string(),
    status: z.literal(status),
    detail: z.string(),
    instance: z.string().meta({
      description: "The request's path. `*` is a part that is neither a word of the API nor an id",
    }),
    code: z.enum(codes),
    ...(codes.some(isFailureCode) ? optionalGuidanceShape : {}),
    ...(codes.includes('validation_failed') ? { errors: z.array(fieldErrorSchema).optional() } : {}),
  });
}

function problemHeaders(status: number): oas31.HeadersObject {
  const components = {
    'WWW-Authenticate': 'WwwAuthenticate',
    'Retry-After': 'RetryAfter',
    ETag: 'CurrentRevision',
  } as const;
  return Object.fromEntries(problemHeadersOf(status).map((name) => [name, headerRef(components[name])]));
}

function headerRef(component: string): oas31.ReferenceObject {
  return { $ref: `#/components/headers/${component}` };
}

function header(description: string, type: 'string' | 'integer' = 'string'): oas31.HeaderObject {
  return { description, schema: { type } };
}

const everyAnswer: oas31.HeadersObject = {
  'X-Request-Id': headerRef('RequestId'),
  'RateLimit-Limit': headerRef('RateLimitLimit'),
  'RateLimit-Remaining': headerRef('RateLimitRemaining'),
  'RateLimit-Reset': headerRef('RateLimitReset'),
};

function objectSchema(route: Route, part: string, schema: z.ZodType): z.ZodObject {
  if (schema instanceof z.ZodObject) return schema;
  throw new Error(`${route.method} ${route.path}: the schema of ${part} has to be a plain object`);
}

function statusKey(status: string): `${1 | 2 | 3 | 4 | 5}${string}` {
  const [first] = status;
  switch (first) {
    case '2':
      return `2${status.slice(1)}`;
    case '3':
      return `3${status.slice(1)}`;
    case '4':
      return `4${status.slice(1)}`;
    case '5':
      return `5${status.slice(1)}`;
    default:
      throw new Error(`${status} is not a status that a route can answer`);
  }
}

function operationId(route: Route): string {
  const words = route.path.split(/[/:-]+/).filter((word) => word !== '');
  return route.method + words.map(pascalCase).join('');
}

function pascalCase(name: string): string {
  return name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
