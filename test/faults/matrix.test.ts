import { test as base, describe, expect } from 'vitest';
import { twinMarker } from '../support/provider-twin.ts';
import { findLeaks } from './evidence.ts';
import { createPieceFinder } from './find-pieces.ts';
import { faults, runMatrix } from './run-matrix.ts';
import { describeMatrix } from './table.ts';

const it = base.extend('run', { scope: 'file' }, async ({}) => {
  const run = await runMatrix();
  process.stdout.write(`\n${describeMatrix(run.rows)}\n`);
  return run;
});
it.beforeAll(({ run }) => void run, 480_000);

describe('the matrix of faults and invariants', () => {
  it.for(faults.map(({ name }) => name))('%s', (name, { run }) => {
    const row = run.rows.find(({ fault }) => fault === name);
    expect(row?.observed).toEqual(row?.expected);
  });
});

describe('after all of the matrix', () => {
  it('no piece of any key is anywhere', ({ run }) => {
    expect(run.canaries.length).toBeGreaterThan(2 * faults.length);
    expect(findLeaks(run.evidence, createPieceFinder(run.canaries))).toEqual([]);
  });

  it('no word of a provider’s own is anywhere', ({ run }) => {
    expect(findLeaks(run.evidence, createPieceFinder([twinMarker]))).toEqual([]);
  });

  it('every place has been looked into', ({ run }) => {
    const places = new Set(run.evidence.filter(({ text }) => text.length > 200).map(({ place }) => place));
    expect([...places]).toEqual(
      expect.arrayContaining([
        'table provider_keys',
        'table audit_log',
        'history',
        'description',
        'metrics',
        'log',
        'answers',
      ]),
    );
  });
});
