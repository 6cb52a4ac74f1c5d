import type { Transaction } from './database.ts';

/** Sends a statement with these values for the names of its text; the rows that it returns. */
export type NamedStatement = (
  tx: Pick<Transaction, 'prepared'>,
  values: Readonly<Record<string, unknown>>,
) => Promise<unknown[]>;

/**
 * A prepared statement whose text names its values (`:name`), as the builder's do. A name that stands in several places is one
 * value of one type, which the text may have to cast.
 */
export function namedStatement(text: string): NamedStatement {
  const names: string[] = [];
  // Not `::type`, which is a cast.
  const numbered = text.replace(/(?<!:):([a-zA-Z]\w*)/g, (_, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return (tx, values) =>
    tx.prepared(
      numbered,
      names.map((name) => {
        if (!(name in values)) throw new Error(`a statement lacks its value ${name}`);
        return values[name];
      }),
    );
}
