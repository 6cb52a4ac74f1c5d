import type { Client } from '@temporalio/client';
import type pg from 'pg';
import type { FoundPiece, PieceFinder } from './find-pieces.ts';

/** Everything that one place holds, as text. */
export interface Evidence {
  readonly place: string;
  readonly text: string;
}

export interface Leak extends FoundPiece {
  readonly place: string;
}

/** Every piece of a secret in every place. */
export function findLeaks(evidence: readonly Evidence[], finder: PieceFinder): Leak[] {
  return evidence.flatMap(({ place, text }) => finder.find(text).map((found) => ({ place, ...found })));
}

/** Every row of every table, all columns as text, by the owner's login. */
export async function readTables(owner: pg.Pool): Promise<Evidence[]> {
  const { rows } = await owner.query<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
  );
  return Promise.all(
    rows.map(async ({ name }) => {
      const table = await owner.query<{ row: string }>(`select t::text as row from ${name} t`);
      return { place: `table ${name}`, text: table.rows.map(({ row }) => row).join('\n') };
    }),
  );
}

/** The history and the description of every workflow of a task queue, payloads decoded. */
export async function readWorkflows(temporal: Client, taskQueue: string): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  for await (const { workflowId, runId } of temporal.workflow.list({ query: `TaskQueue = '${taskQueue}'` })) {
    const handle = temporal.workflow.getHandle(workflowId, runId);
    evidence.push({ place: 'history', text: textOf(await handle.fetchHistory()) });
    evidence.push({ place: 'description', text: textOf((await handle.describe()).raw) });
  }
  return evidence;
}

/** Every string in a message of Temporal's, and every payload as the text that it is. */
export function textOf(message: unknown): string {
  const texts: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('utf8'));
    else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        texts.push(name);
        walk(inner);
      }
    }
  };
  walk(message);
  return texts.join('\n');
}
