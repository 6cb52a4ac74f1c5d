import { expect, it } from 'vitest';
import { explainStartFailure } from '../../../src/main/start-failure.ts';
import { SupersededDatabase } from '../../../src/platform/postgres/migration-failure.ts';

it('names the folder to remove when the stack’s own database is of a development version', () => {
  expect(explainStartFailure(new SupersededDatabase(), '/clone/.stack/postgres')).toBe(
    'the database was made by an earlier development version and cannot be brought up to date: remove the folder /clone/.stack/postgres, which holds its data, and start again',
  );
});

it('names no folder when such a database was given from outside', () => {
  const failure = new SupersededDatabase();
  expect(explainStartFailure(failure, undefined)).toBe(failure.message);
});

it('says what any other failure says', () => {
  expect(explainStartFailure(new Error('port 4000 is taken'), '/clone/.stack/postgres')).toBe(
    'port 4000 is taken',
  );
});
