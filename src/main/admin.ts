import './library-output.ts';

import { Command } from 'commander';
import { createAudit } from '../audit/service.ts';
import { loadEnvironment } from '../config.ts';
import { createDatabase } from '../platform/postgres/database.ts';
import { printProblem, printResult } from '../platform/telemetry/library-output.ts';
import { createLogger } from '../platform/telemetry/logging.ts';
import { newTenantSchema } from '../tenants/schemas.ts';
import { createTenants } from '../tenants/service.ts';
import { reportLibraryOutput } from './library-output.ts';

reportLibraryOutput(createLogger({ level: 'info', process: 'admin', destination: { write: printProblem } }));

const program = new Command('admin')
  .description('Commands for the operator of Lorekeep; they use the login of the database owner')
  .configureOutput({ writeOut: printResult, writeErr: printProblem });

program
  .command('create-tenant')
  .description(
    'creates a tenant with one API key per role and prints them as JSON; the keys are shown only now',
  )
  .requiredOption('--slug <slug>', 'short name for addresses: lower-case letters, digits, hyphens')
  .requiredOption('--name <name>', 'name for people')
  .action(createTenant);

await program.parseAsync();

async function createTenant(options: { slug: string; name: string }): Promise<void> {
  const parsed = newTenantSchema.safeParse(options);
  if (!parsed.success) {
    return fail(parsed.error.issues.map((issue) => `--${issue.path.join('.')} ${issue.message}`));
  }

  const environment = loadEnvironment('admin');
  // Row-level security applies to the owner too, so the command uses the same transactions as the service.
  const database = createDatabase({
    url: environment.DATABASE_OWNER_URL,
    poolSize: 1,
    applicationName: 'lorekeep-admin',
  });
  try {
    const tenants = createTenants({ database, audit: createAudit({ database }) });
    const operator = {
      tenantId: '00000000-0000-0000-0000-000000000000',
      keyId: null,
      label: 'admin command',
      role: 'superadmin',
    } as const;
    const creation = await tenants.createTenant(operator, parsed.data);
    if (creation.kind === 'slug_taken') {
      return fail([`--slug ${parsed.data.slug} is taken by another tenant`]);
    }
    const { tenant, keys } = creation;
    const printed = {
      tenant: { id: tenant.id, slug: tenant.slug, name: tenant.name },
      keys: { agent: keys.agent.key, orchestrator: keys.orchestrator.key, user: keys.user.key },
    };
    printResult(`${JSON.stringify(printed, null, 2)}\n`);
  } catch (error) {
    fail(explain(error));
  } finally {
    await database.close();
  }
}

/** Explains an error to the operator. The library's own message can hold the login, so it is not shown. */
function explain(error: unknown): string[] {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'ETIMEDOUT':
      return ['the database of DATABASE_OWNER_URL cannot be reached'];
    case '28P01':
    case '28000':
      return ['the database refuses the login of DATABASE_OWNER_URL'];
    case '42P01':
      return ['the database has no tables yet: run `npm run migrate` first'];
    default:
      return [
        `the tenant was not created (${code ?? (error instanceof Error ? error.name : 'unknown error')})`,
      ];
  }
}

function fail(problems: readonly string[]): void {
  for (const problem of problems) printProblem(`create-tenant: ${problem}\n`);
  process.exitCode = 1;
}
