import './library-output.ts';

import { migrationSource } from '../../migrations/index.ts';
import { loadEnvironment } from '../config.ts';
import { MigrationFailed } from '../platform/postgres/migration-failure.ts';
import { migrateDatabase } from '../platform/postgres/migrator.ts';
import { withOwnerConnection } from '../platform/postgres/owner-connection.ts';
import { createLogger } from '../platform/telemetry/logging.ts';
import { makeMissingIndexes } from '../vectors/missing-indexes.ts';
import { reportLibraryOutput } from './library-output.ts';

const environment = loadEnvironment('migrate');
const log = createLogger({ level: environment.LOG_LEVEL, process: 'migrate' });
reportLibraryOutput(log);
const ownerUrl = environment.DATABASE_OWNER_URL;

try {
  const { applied } = await migrateDatabase({
    ownerUrl,
    applicationUrl: environment.DATABASE_URL,
    source: migrationSource,
  });
  log.info({ applied }, applied.length > 0 ? 'migrated' : 'the schema is the newest already');

  const indexes = await withOwnerConnection({ ownerUrl, scope: 'indexing' }, makeMissingIndexes);
  if (indexes === 'busy')
    log.warn('another migration is making the vector indexes; this one leaves them to it');
  else log.info(indexes, 'every dimension in use that can have a vector index has one');
} catch (error) {
  // A driver's own message is the statement that failed, which can hold a password.
  const reason = error instanceof MigrationFailed ? error.message : undefined;
  log.error({ error, reason }, 'the migration failed');
  process.exitCode = 1;
}
