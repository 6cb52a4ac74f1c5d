import { beforeAll, describe, expect, it } from 'vitest';
import { twinMarker } from '../support/provider-twin.ts';
import { findLeaks } from './evidence.ts';
import { createPieceFinder } from './find-pieces.ts';
import { faults, type MatrixRun, runMatrix } from './run-matrix.ts';
import { describeMatrix } from './table.ts';

let run: MatrixRun;

beforeAll(async () => {
  run = await runMatrix();
  process.stdout.write(`\n${describeMatrix(run.rows)}\n`);
}, 480_000);

describe('the matrix of faults and invariants', () => {
  it.each(faults.map(({ name }) => name))('%s', (name) => {
    const row = run.rows.find(({ fault }) => fault === name);
    expect(row?.observed).toEqual(row?.expected);
  });
});

describe('after all of the matrix', () => {
  it('no piece of any key is anywhere', () => {
    expect(run.canaries.length).toBeGreaterThan(2 * faults.length);
    expect(findLeaks(run.evidence, createPieceFinder(run.canaries))).toEqual([]);
  });

  it('no word of a provider’s own is anywhere', () => {
    expect(findLeaks(run.evidence, createPieceFinder([twinMarker]))).toEqual([]);
  });

  it('every place has been looked into', () => {
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
