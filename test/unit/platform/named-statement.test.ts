import { expect, test } from 'vitest';
import { namedStatement } from '../../../src/platform/postgres/named-statement.ts';

/** What a statement is sent as. */
const sentAs = async (text: string, values: Readonly<Record<string, unknown>>) => {
  const sent: unknown[] = [];
  const prepared = async (...statement: unknown[]) => {
    sent.push(...statement);
    return [];
  };
  await namedStatement(text)({ prepared }, values);
  return sent;
};

test('each name of a text is one value, however often it stands there', async () => {
  const text = `select :b::text, :a from t where c = :b and at > '2026-01-01'::date`;
  expect(await sentAs(text, { a: 1, b: null, unused: 2 })).toEqual([
    `select $1::text, $2 from t where c = $1 and at > '2026-01-01'::date`,
    [null, 1],
  ]);
});

test('a text is the same for all values, so that a connection prepares it once', async () => {
  const [one] = await sentAs('select :a', { a: 1 });
  const [other] = await sentAs('select :a', { a: "'; drop table t" });
  expect(one).toBe(other);
});

test('a name without a value is an error, and nothing is sent', async () => {
  const tx = { prepared: () => Promise.reject(new Error('sent')) };
  expect(() => namedStatement('select :a')(tx, {})).toThrow('lacks its value a');
});
