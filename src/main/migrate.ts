import { migrationSource } from '../../migrations/index.ts';
import { loadEnvironment } from '../config.ts';
import { createLogger } from '../platform/logging.ts';
import { MigrationFailed } from '../platform/migration-failure.ts';
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
  // A driver's own message is the statement that failed, which can hold a password.
  const reason = error instanceof MigrationFailed ? error.message : undefined;
  log.error({ error, reason }, 'the migration failed');
  process.exitCode = 1;
}
