import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

/** Compose takes a map or a list in several places; the file keeps to one form of each, and this says which. */
const dependency = z.object({
  condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']),
});
const service = z.looseObject({
  image: z.string(),
  build: z.looseObject({ context: z.string(), target: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), dependency).default({}),
  healthcheck: z
    .union([z.object({ disable: z.literal(true) }), z.looseObject({ test: z.array(z.string()) })])
    .optional(),
  restart: z.string(),
  stop_grace_period: z.string().optional(),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  user: z.string().optional(),
});
const composeFile = z.looseObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.unknown()),
  networks: z.record(z.string(), z.unknown()),
});

export type ComposeFile = z.output<typeof composeFile>;
export type Service = z.output<typeof service>;

export const composePath = 'docker-compose.yml';

/** The file as YAML says it, with merge keys applied: what the published schema is about. */
export function readComposeDocument(): unknown {
  return parse(readFileSync(composePath, 'utf8'), { merge: true });
}

export function readCompose(): ComposeFile {
  return composeFile.parse(readComposeDocument());
}

/** The part of a volume's source, target and mode. */
export function mountOf(volume: string): { source: string; target: string; readOnly: boolean } {
  const [source = '', target = '', mode] = volume.split(':');
  return { source, target, readOnly: mode === 'ro' };
}

/** Whether the service ends by itself: it has no health, only an exit code. */
export function isOneShot({ restart }: Service): boolean {
  return restart === 'no' || restart.startsWith('on-failure');
}

/** `${NAME:?…}`, `${NAME:-default}` and `${NAME}` filled in as compose does; throws where compose would refuse. */
export function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\{([A-Z_]+)(?::([?-])([^}]*))?\}/g,
    (_, name: string, operator?: string, rest = '') => {
      const value = env[name];
      if (value) return value;
      if (operator === '-') return rest;
      if (operator === '?') throw new Error(`${name} is required`);
      return '';
    },
  );
}

/** The environment that a container of this service gets: passed-through names only when they are in `env`. */
export function environmentOf(
  { environment }: Service,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => {
      const given = value === null ? env[name] : interpolate(value, env);
      return given === undefined ? [] : [[name, given] as const];
    }),
  );
}

/** Seconds of a compose duration in whole seconds or minutes. */
export function secondsOf(duration: string): number {
  const match = /^(\d+)(s|m)$/.exec(duration);
  if (!match) throw new Error(`not a duration in s or m: ${duration}`);
  return Number(match[1]) * (match[2] === 'm' ? 60 : 1);
}
