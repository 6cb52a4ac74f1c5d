import { migrationSource } from '../../migrations/index.ts';
import { loadEnvironment } from '../config.ts';
import { createLogger } from '../platform/logging.ts';
import { migrateDatabase } from '../platform/migrator.ts';

const environment = loadEnvironment('migrate');
const log = createLogger({ level: environment.LOG_LEVEL, process: 'migrate' });

try {
  const { applied } = await migrateDatabase({
    ownerUrl: environment.DATABASE_OWNER_URL,
    applicationUrl: environment.DATABASE_URL,
    source: migrationSource,
  });
  log.info({ applied }, applied.length > 0 ? 'migrated' : 'the schema is the newest already');
} catch (error) {
  log.error({ error, reason: reasonOf(error) }, 'the migration failed');
  process.exitCode = 1;
}

/** What Postgres says of a failed statement helps whoever migrates, and quotes no tenant's data: no row is touched. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n').at(-1) ?? '') : '';
}
