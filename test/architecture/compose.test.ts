import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { environmentSchemas, parseEnvironment } from '../../src/config.ts';
import { longestStartToCloseMs } from '../../src/domain/operations.ts';
import { nodeOptions } from '../../src/stack/application.ts';
import {
  composePath,
  environmentOf,
  isOneShot,
  mountOf,
  readCompose,
  readComposeDocument,
  type Service,
  secondsOf,
} from './compose-file.ts';
import { findLiteralSecrets } from './literal-secrets.ts';

const compose = readCompose();
const services = Object.entries(compose.services);

/** The process that each service of the application's image runs, by its name in src/config.ts. */
const processes = {
  api: 'api',
  worker: 'worker',
  migrate: 'migrate',
  admin: 'admin',
  'temporal-setup': 'temporal:setup',
  'vault-setup': 'vault:setup',
} as const;
const processEntries = Object.entries(processes);

describe('docker-compose.yml', () => {
  it('is valid by the published compose schema', () => {
    // dclint ships the schema of compose-spec/compose-spec (Apache-2.0) as a file.
    const schema = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(readFileSync('node_modules/dclint/schemas/compose.schema.json', 'utf8')));
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    // The schema names its meta-schema with https://, which Ajv knows with http://.
    const validate = ajv.compile({
      ...schema,
      $schema: 'http://json-schema.org/draft-07/schema#',
    });
    validate(readComposeDocument());
    expect(validate.errors).toBeNull();
  });

  it('names no program file or script that is not in the repository', () => {
    const missing = services.flatMap(([name, one]) =>
      wordsOf(one)
        .flatMap((word) => {
          if (/^dist\/.*\.js$/.test(word)) return word.replace(/^dist\//, '').replace(/\.js$/, '.ts');
          return word.startsWith('scripts/') ? word : [];
        })
        .filter((path) => !existsSync(path))
        .map((path) => `${name}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('runs the compiled form of what an npm script runs', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync('package.json', 'utf8')));
    for (const [name, process] of processEntries) {
      const program = wordsOf(service(name)).find((word) => word.startsWith('dist/'));
      // vault-setup runs its program from a script of its own.
      const source = program ?? 'dist/src/main/vault-setup.js';
      expect(scripts[process], name).toContain(source.replace(/^dist\//, '').replace(/\.js$/, '.ts'));
    }
    expect(readFileSync('scripts/compose/vault-setup.sh', 'utf8')).toContain(
      'node dist/src/main/vault-setup.js',
    );
  });

  it.each(['api', 'worker'])('gives %s the options of Node.js that npm start gives it', (name) => {
    const ofImage = /NODE_OPTIONS=(\S+)/.exec(readFileSync('Dockerfile', 'utf8'))?.[1];
    expect([ofImage, ...wordsOf(service(name))]).toEqual(expect.arrayContaining(nodeOptions));
  });

  it.each(processEntries)('gives %s the variables that its process knows, and no other', (name, process) => {
    const known = Object.keys(environmentSchemas[process].shape);
    const filled = Object.keys(credentials[name] ?? {});
    // A root-like token is for vault-setup alone; the others log in with AppRole. vault-setup needs no AppRole.
    const left = name === 'vault-setup' ? ['VAULT_ROLE_ID', 'VAULT_SECRET_ID'] : ['VAULT_TOKEN'];
    const named = new Set([...Object.keys(service(name).environment), ...filled]);
    expect([...named].sort()).toEqual(known.filter((variable) => !left.includes(variable)).sort());
  });

  it.each(processEntries)('gives %s an environment that it starts with', (name, process) => {
    const environment = { ...environmentOf(service(name), operatorEnvironment), ...credentials[name] };
    expect(parseEnvironment(process, environment)).toMatchObject({ kind: 'ok' });
  });

  it('refuses to start without any one of the passwords', () => {
    const compile = (env: Record<string, string>) => services.map(([, one]) => environmentOf(one, env));
    expect(() => compile(operatorEnvironment)).not.toThrow();
    for (const variable of Object.keys(operatorEnvironment)) {
      expect(() => compile({ ...operatorEnvironment, [variable]: '' })).toThrow(`${variable} is required`);
    }
  });

  it('writes out no secret', () => {
    expect(findLiteralSecrets(readFileSync(composePath, 'utf8'))).toEqual([]);
  });

  it('checks the health of every service that does not end by itself', () => {
    const unchecked = services.filter(
      ([, one]) => !isOneShot(one) && !(one.healthcheck && 'test' in one.healthcheck),
    );
    expect(unchecked.map(([name]) => name)).toEqual([]);
  });

  it('waits for the end of one-shots and for the health of the others', () => {
    const wrong = services.flatMap(([name, one]) =>
      Object.entries(one.depends_on)
        .filter(([other, { condition }]) => {
          const expected = isOneShot(service(other)) ? 'service_completed_successfully' : 'service_healthy';
          return condition !== expected;
        })
        .map(([other]) => `${name} on ${other}`),
    );
    expect(wrong).toEqual([]);
  });

  it('declares every volume and network that it mounts or joins, and uses each one that it declares', () => {
    const named = services.flatMap(([, one]) =>
      one.volumes.map((volume) => mountOf(volume).source).filter((source) => !/^[./]/.test(source)),
    );
    expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort());
    const joined = services.flatMap(([, one]) => one.networks);
    expect([...new Set(joined)].sort()).toEqual(Object.keys(compose.networks).sort());
  });

  it('mounts files of the repository that exist, read-only, and nothing else of the host', () => {
    const wrong = services.flatMap(([name, one]) =>
      one.volumes
        .map(mountOf)
        .filter(({ source }) => /^[./]/.test(source))
        .filter(
          ({ source, readOnly }) =>
            !source.startsWith('./scripts/compose/') || !existsSync(source) || !readOnly,
        )
        .map(({ source }) => `${name}: ${source}`),
    );
    expect(wrong).toEqual([]);
  });

  it('takes every right from every container that it does not need', () => {
    const loose = services.filter(
      ([, one]) =>
        !one.cap_drop.includes('ALL') ||
        !one.security_opt.includes('no-new-privileges:true') ||
        'privileged' in one ||
        'cap_add' in one ||
        /^(root|0)(:|$)/.test(one.user ?? ''),
    );
    expect(loose.map(([name]) => name)).toEqual([]);
  });

  it('publishes ports on loopback only, unless the operator says otherwise', () => {
    const open = services
      .flatMap(([, one]) => one.ports)
      .filter((port) => !/^(\$\{[A-Z_]+:-)?127\.0\.0\.1:/.test(port));
    expect(open).toEqual([]);
  });

  it('keeps stores off the network that leads outside', () => {
    const outside = services.filter(([, one]) => one.networks.includes('outside')).map(([name]) => name);
    expect(outside.sort()).toEqual(['api', 'temporal-ui', 'worker']);
    expect(compose.networks.backend).toMatchObject({ internal: true });
  });

  it('pins every image to a version', () => {
    const own = /^lorekeep(-embedding)?:\$\{LOREKEEP_VERSION:-local\}$/;
    const loose = services
      .map(([, one]) => one.image)
      .filter((image) => !own.test(image) && !/:v?\d+\.\d+\.\d+/.test(image));
    expect(loose).toEqual([]);
  });

  it('gives the worker more time to stop than its own drain, which is longer than one provider attempt', () => {
    const seconds = secondsOf(service('worker').stop_grace_period ?? '10s');
    expect(seconds).toBeGreaterThan(longestStartToCloseMs / 1_000 + 25);
  });
});

describe('the check for secrets', () => {
  it.each([
    ['a password under its name', '      POSTGRES_PASSWORD: hunter2'],
    ['a default for a password', `      POSTGRES_PWD: ${withDefault('TEMPORAL_DB_PASSWORD', 'temporal')}`],
    ['a password in a URL', '  DATABASE_URL: postgres://lorekeep_app:letmein@postgres:5432/lorekeep'],
    [
      'a default for a password in a URL',
      `  DATABASE_URL: postgres://a:${withDefault('APP_PASSWORD', 'letmein')}@postgres:5432/l`,
    ],
    ["a vendor's key, even in a comment", '# EMBEDDING_KEY=sk-abc123'],
    ['a build argument', 'ARG NPM_TOKEN=abc'],
    ['a random token under any name', '  SETTING: q7Zr2LkP9xVb4TnW8sYd1Gh'],
  ])('finds %s', (_, line) => {
    expect(findLiteralSecrets(line)).toHaveLength(1);
  });
});

function service(name: string): Service {
  const found = compose.services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** Every word of the service's commands and checks. */
function wordsOf({ command = [], entrypoint = [], healthcheck }: Service): string[] {
  return [...entrypoint, ...command, ...(healthcheck && 'test' in healthcheck ? healthcheck.test : [])];
}

/** Compose's way to name a variable, which the linter takes for a template. */
function withDefault(name: string, value: string) {
  return ['$', '{', name, ':-', value, '}'].join('');
}

/** What docs/deploy.md tells the operator to set. */
const operatorEnvironment = {
  POSTGRES_PASSWORD: 'a',
  LOREKEEP_OWNER_PASSWORD: 'b',
  LOREKEEP_APP_PASSWORD: 'c',
  TEMPORAL_DB_PASSWORD: 'd',
};

/** What scripts/compose/with-credentials.sh adds from the volume. */
const credentials: Record<string, Record<string, string>> = {
  api: { VAULT_ROLE_ID: 'r', VAULT_SECRET_ID: 's' },
  worker: { VAULT_ROLE_ID: 'r', VAULT_SECRET_ID: 's' },
  'vault-setup': { VAULT_TOKEN: 't' },
};
