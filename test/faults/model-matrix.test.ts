import { test as base, describe, expect } from 'vitest';
import { twinMarker } from '../support/provider-twin.ts';
import { findLeaks } from './evidence.ts';
import { createPieceFinder } from './find-pieces.ts';
import { modelCases, runModelMatrix } from './model/run-model-matrix.ts';
import { serverMarker } from './model/server-marker.ts';

const it = base.extend('run', { scope: 'file' }, () => runModelMatrix());
it.beforeAll(({ run }) => void run, 240_000);

describe('a fault of the tenant’s model, of a page’s server or of a document', () => {
  it.for(modelCases.map(({ name, expected }): [string, object] => [name, expected]))(
    'comes to what the table of failures says: %s',
    ([name, expected], { run }) => {
      expect(run.observed.get(name)).toEqual(expected);
    },
  );
});

describe('after all of these faults', () => {
  it('no piece of any key is anywhere', ({ run }) => {
    expect(run.keys.length).toBeGreaterThan(modelCases.length);
    expect(findLeaks(run.evidence, createPieceFinder(run.keys))).toEqual([]);
  });

  it('no word of the model’s refusals or of a page’s server is anywhere', ({ run }) => {
    expect(findLeaks(run.evidence, createPieceFinder([twinMarker, serverMarker]))).toEqual([]);
  });

  it('no word of a text, a title, an address or a file name is in a log, a history or a metric', ({
    run,
  }) => {
    const places = run.evidence.filter(({ place }) => /^(log|history|description|metrics)$/.test(place));
    expect(findLeaks(places, createPieceFinder(run.texts))).toEqual([]);
  });
});
