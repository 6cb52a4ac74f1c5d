import { describe, expect, it } from 'vitest';
import { importsOf, layers, readSource, roomOf, sourceFiles } from './house.ts';

/** MCP is a transport, as HTTP is: it has no service, and calls the routes. */
const withoutServices = ['domain', 'platform', 'mcp', 'http', 'main'];
const rooms = layers.flat().filter((room) => !withoutServices.includes(room));

describe('the services of a process', () => {
  const wired = importsOf('src/main/services.ts', 'values').filter((path) => path.startsWith('src/'));

  it.each(rooms)('get %s by its one wiring function', (room) => {
    const ofRoom = wired.filter((path) => roomOf(path) === room);
    expect(ofRoom).toEqual([expect.stringMatching(/\/(create-[a-z-]+|service)\.ts$/)]);
  });

  it('decide nothing: they hold no condition, no loop and no number of their own but one time-out', () => {
    const code = readSource('src/main/services.ts').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    expect(code).not.toMatch(/\b(if|for|while|switch)\s*\(|\?[^.:?]|&&|\|\|/);
    expect([...code.matchAll(/\b\d[\d_]*\b/g)].map(([number]) => number)).toEqual(['2_000']);
  });
});

describe('the platform', () => {
  const platform = sourceFiles.filter((file) => file.startsWith('src/platform/'));

  it('names no table of a feature', () => {
    const tables = [...readSource('docs/schema.sql').matchAll(/CREATE TABLE public\.(\w+)/g)]
      .flatMap(([, table]) => table ?? [])
      .filter((table) => table !== 'idempotency_keys' && !table.startsWith('knex_'));
    expect(tables).toContain('audit_log');
    const table = new RegExp(`'(${tables.join('|')})'|(from|into|update) (${tables.join('|')})\\b`);
    // A share has the same name as the table of calls.
    const naming = platform.filter((file) =>
      table.test(readSource(file).replace("name: 'provider_calls'", '')),
    );
    expect(naming).toEqual([]);
  });

  it('declares no metric of a feature', () => {
    const declared = platform.flatMap((file) =>
      [...readSource(file).matchAll(/'(lorekeep_\w+)'/g)].map(([, name]) => name),
    );
    expect(declared.toSorted()).toEqual([
      'lorekeep_http_request_duration_seconds',
      'lorekeep_share_in_use',
      'lorekeep_share_refused_total',
      'lorekeep_share_slots',
      'lorekeep_share_waiting',
      'lorekeep_state_readable',
    ]);
  });

  it('speaks of no article, chunk, breaker, ledger or gate', () => {
    const words = /\b(articles?|chunks?|breakers?|ledger|proposals?|embeddings?)\b/i;
    const speaking = platform.filter((file) =>
      words.test(readSource(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
    );
    expect(speaking).toEqual([]);
  });
});
