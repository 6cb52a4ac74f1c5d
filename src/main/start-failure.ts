import { SupersededDatabase, supersededDatabase } from '../platform/postgres/migration-failure.ts';

/** Why `npm start` has failed, for the person who started it. `databaseDir` is where the stack's own database keeps its data. */
export function explainStartFailure(error: unknown, databaseDir: string | undefined): string {
  if (error instanceof SupersededDatabase && databaseDir !== undefined) {
    return `${supersededDatabase}: remove the folder ${databaseDir}, which holds its data, and start again`;
  }
  return error instanceof Error ? error.message : String(error);
}
