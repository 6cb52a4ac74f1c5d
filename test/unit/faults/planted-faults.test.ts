import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plantedFaults } from '../../faults/planted/all-areas.ts';
import { occurrences } from '../../faults/planted/planted-fault.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe.each([...plantedFaults])('the planted faults of %s', (_, faults) => {
  it.each(faults)('$why: its text stands in its file exactly once', ({ file, find, replace }) => {
    expect(occurrences(readFileSync(join(root, file), 'utf8'), find)).toBe(1);
    expect(replace).not.toBe(find);
  });

  it('name tests that exist', () => {
    const named = new Set(faults.flatMap(({ tests }) => tests));
    expect([...named].filter((test) => !existsSync(join(root, test)))).toEqual([]);
    expect(faults.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });

  it('are told apart by their reason', () => {
    expect(new Set(faults.map(({ why }) => why)).size).toBe(faults.length);
  });
});

it('there are at least sixty planted faults', () => {
  expect([...plantedFaults.values()].flat().length).toBeGreaterThanOrEqual(60);
});
