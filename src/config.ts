import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { operations } from './domain/operations.ts';
import { providerUrls } from './domain/provider-urls.ts';
import { printProblem } from './platform/telemetry/library-output.ts';
import { normaliseBaseUrl } from './providers/catalogue/base-url.ts';

/** The environment of a process. Only this file reads `process.env`; src/main/library-output.ts clears switches in it. */
const port = wholeNumber(0, 65_535);
const milliseconds = wholeNumber(1, 3_600_000);
const count = wholeNumber(1, 100_000);
const flag = oneOf(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' });
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
const name = z.string().min(1);

/** The address of an embedding API in its normal form, as the addresses of tenants are kept. */
const embeddingAddress = httpUrl.transform((given, context) => {
  const normal = normaliseBaseUrl(given);
  if (normal.kind === 'ok') return normal.baseUrl;
  context.addIssue(normal.message);
  return z.NEVER;
});

const shared = {
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
};

const database = { DATABASE_URL: postgresUrl };

const owner = { ...shared, DATABASE_OWNER_URL: postgresUrl };

const temporal = {
  TEMPORAL_ADDRESS: name.default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: name.default('default'),
  TEMPORAL_TASK_QUEUE: name.default('lorekeep'),
  TEMPORAL_API_KEY: name.optional(),
  TEMPORAL_TLS: flag.default(false),
};

const vault = {
  VAULT_ADDR: httpUrl,
  VAULT_TOKEN: name.optional(),
  VAULT_ROLE_ID: name.optional(),
  VAULT_SECRET_ID: name.optional(),
  VAULT_TRANSIT_MOUNT: name.default('transit'),
  VAULT_TRANSIT_KEY: name.default('lorekeep'),
};

const { interactive, background } = operations.embedding;
const writing = operations.extraction.background;

const embedding = {
  EMBEDDING_BASE_URL: embeddingAddress.default('https://api.openai.com/v1'),
  ANTHROPIC_BASE_URL: httpUrl.default('https://api.anthropic.com'),
  EMBEDDING_DEFAULT_MODEL: z
    .string()
    .regex(/^[A-Za-z0-9._:/@+-]{1,200}$/, 'must be a model name')
    .default('text-embedding-3-small'),
  /** Which addresses tenants may choose for their own providers. */
  PROVIDER_URLS: oneOf(providerUrls).default('public'),
  EMBEDDING_TIMEOUT_MS: milliseconds.max(interactive.maxMs).default(interactive.defaultMs),
  GUARD_TIMEOUT_MS: milliseconds.default(5_000),
  EMBEDDING_WORKFLOW_TIMEOUT_MS: milliseconds.max(background.maxMs).default(background.defaultMs),
  /** For an answer of some pages; a classification takes no longer than an embedding. */
  ANTHROPIC_WORKFLOW_TIMEOUT_MS: milliseconds.max(writing.maxMs).default(writing.defaultMs),
  /** Chunks in one provider call. A server on a small machine needs small batches; the vendors accept large ones. */
  EMBEDDING_BATCH_CHUNKS: count.max(256).default(64),
  /** Chunks whose vectors one proposal buys while its author waits. */
  GATE_MAX_CHUNKS: count.max(256).default(16),
  /** Whether to send `input_type: query | passage`, which some local models need and the vendors refuse. */
  EMBEDDING_SENDS_INPUT_TYPE: flag.default(false),
  BREAKER_FAILURES: count.max(100).default(3),
  BREAKER_WINDOW_MS: milliseconds.default(60_000),
  BREAKER_OPEN_MS: milliseconds.default(30_000),
};

/** The longest that one statement may take: below it a client waits, in the worker nobody does. */
const statementTimeout = milliseconds.min(100);

const service = {
  ...shared,
  ...database,
  ...temporal,
  ...vault,
  ...embedding,
  DATABASE_POOL_SIZE: count.max(500).default(20),
  /** The cores of the database's machine, of which each tenant has its part. By default those of this machine. */
  DATABASE_CORES: count.max(1_024).default(availableParallelism()),
  /** The address to listen on. The default is every interface, which a container needs. */
  HOST: name.optional(),
};

/** The variables that the cross-checks compare. They are parsed apart, so that these problems are named with all the others. */
const timeouts = z.object({
  EMBEDDING_TIMEOUT_MS: embedding.EMBEDDING_TIMEOUT_MS,
  GUARD_TIMEOUT_MS: embedding.GUARD_TIMEOUT_MS,
});

/** The problems of rules over several variables. `given` holds the variables that are set and not empty. */
function crossChecks(schema: z.ZodObject, given: Readonly<Record<string, string>>): string[] {
  const problems: string[] = [];
  if (
    'VAULT_TOKEN' in schema.shape &&
    !('VAULT_TOKEN' in given) &&
    !('VAULT_ROLE_ID' in given && 'VAULT_SECRET_ID' in given)
  ) {
    problems.push('VAULT_TOKEN: is required, or VAULT_ROLE_ID and VAULT_SECRET_ID together');
  }
  if ('GUARD_TIMEOUT_MS' in schema.shape) {
    const parsed = timeouts.safeParse(given);
    if (parsed.success && parsed.data.EMBEDDING_TIMEOUT_MS >= parsed.data.GUARD_TIMEOUT_MS) {
      problems.push(
        'EMBEDDING_TIMEOUT_MS: must be below GUARD_TIMEOUT_MS, or the call times out before its attempt at the provider',
      );
    }
  }
  if ('MCP_AUTHORIZATION_SERVERS' in schema.shape) {
    if ('MCP_AUTHORIZATION_SERVERS' in given && !('MCP_PUBLIC_URL' in given))
      problems.push('MCP_PUBLIC_URL: is required with MCP_AUTHORIZATION_SERVERS');
  }
  return problems;
}

/** Addresses, separated by commas. */
function listOf(address: z.ZodType<string, string>) {
  return z
    .string()
    .transform((given) => given.split(',').map((each) => each.trim()))
    .pipe(z.array(address));
}

const origin = httpUrl.refine(
  (given) => URL.canParse(given) && new URL(given).origin === given,
  'must be an origin such as https://kb.example.com, without a path',
);

/** The endpoint /mcp of the API. */
const mcpEndpoint = {
  /** Its address as clients have it. Behind a proxy the service cannot know it. */
  MCP_PUBLIC_URL: httpUrl.optional(),
  /** The issuers of the authorization servers that stand in front of it, separated by commas. */
  MCP_AUTHORIZATION_SERVERS: listOf(httpUrl).optional(),
  /** Web origins from which browsers may ask it, separated by commas. */
  MCP_ALLOWED_ORIGINS: listOf(origin).optional(),
};

const apiSchema = z.object({
  ...service,
  ...mcpEndpoint,
  PORT: port.default(4000),
  DATABASE_STATEMENT_TIMEOUT_MS: statementTimeout.default(10_000),
  ADMIN_API_KEY: z.string().min(20).optional(),
});
const workerSchema = z.object({
  ...service,
  METRICS_PORT: port.default(9464),
  DATABASE_STATEMENT_TIMEOUT_MS: statementTimeout.default(30_000),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  /** The most concurrent provider calls of this process. */
  WORKER_MAX_ACTIVITIES: count.max(1_000).default(20),
  /** After how many days audit rows are deleted; never when it is not set. The schema keeps every row for 30 days. */
  AUDIT_RETENTION_DAYS: count.min(30).optional(),
});
const mcpSchema = z.object({
  ...shared,
  /** The address of the API. One that was copied with the path of its routes is understood. */
  LOREKEEP_API_URL: httpUrl.transform((given) => given.replace(/(\/api\/v1)?\/*$/, '')),
  LOREKEEP_API_KEY: z.string().regex(/^[!-~]{1,512}$/, 'must be an API key'),
  /** Whether answers are structured or text alone; by default what the client's protocol version understands. */
  LOREKEEP_MCP_ANSWERS: oneOf(['structured', 'text']).optional(),
});
const migrateSchema = z.object({ ...owner, ...database });
const adminSchema = z.object(owner);
const temporalSetupSchema = z.object({ ...shared, ...temporal });
const vaultSetupSchema = z.object({ ...shared, ...vault });

/** The schema of each process, for the reference and the tests. */
export const environmentSchemas = {
  api: apiSchema,
  worker: workerSchema,
  mcp: mcpSchema,
  migrate: migrateSchema,
  admin: adminSchema,
  'temporal:setup': temporalSetupSchema,
  'vault:setup': vaultSetupSchema,
} as const;

type Schemas = typeof environmentSchemas;
type Environments = { readonly [P in keyof Schemas]: z.output<Schemas[P]> };
export type Environment<P extends keyof Schemas> = Environments[P];

/** The same schemas, typed by their output, so that the name of a process gives the type of its environment. */
const parsers: { readonly [P in keyof Schemas]: z.ZodType<Environments[P]> } = environmentSchemas;

export type ParsedEnvironment<P extends keyof Schemas> =
  | { readonly kind: 'ok'; readonly environment: Environment<P> }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Parses the environment of one process. The problems name every invalid or missing variable, but no value. */
export function parseEnvironment<P extends keyof Schemas>(
  process: P,
  env: Readonly<Record<string, string | undefined>>,
): ParsedEnvironment<P> {
  const given: Record<string, string> = {};
  for (const [variable, value] of Object.entries(env)) if (value) given[variable] = value;
  const parsed = parsers[process].safeParse(given);
  const problems = [
    ...(parsed.success
      ? []
      : parsed.error.issues.map((issue) => {
          const variable = String(issue.path[0]);
          return `${variable}: ${variable in given ? issue.message : 'is required'}`;
        })),
    ...crossChecks(environmentSchemas[process], given),
  ];
  if (!parsed.success || problems.length > 0) return { kind: 'invalid', problems };
  return { kind: 'ok', environment: parsed.data };
}

/** Reads `process.env` for one process, or prints every problem and exits with 1. */
export function loadEnvironment<P extends keyof Schemas>(processName: P): Environment<P> {
  const parsed = parseEnvironment(processName, process.env);
  if (parsed.kind === 'ok') return parsed.environment;
  printProblem(
    `lorekeep ${processName}: the environment is not usable\n${parsed.problems.map((line) => `  ${line}\n`).join('')}`,
  );
  process.exit(1);
}

/** A whole number in a variable. Without words of its own zod would speak of NaN. */
function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number(message).int(message).min(min, message).max(max, message);
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}
