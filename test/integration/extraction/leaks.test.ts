import { describe, expect } from 'vitest';
import { canaryKey } from '../../faults/canaries.ts';
import { findPieces } from '../../faults/find-pieces.ts';
import { factsOfExtraction, written } from '../../support/extraction.ts';
import type { TestServices } from '../../support/test-services.ts';

const it = factsOfExtraction();

describe('the words of a document and of the model', () => {
  it('lie in no table, no log and no metric before they are an article', async ({
    document,
    test,
    modelKey,
  }) => {
    const [inDocument, inAnswer] = [canaryKey(), canaryKey()];
    document.saysOf([written({ title: inAnswer, body: `It says ${inAnswer}.` }), { title: inAnswer }]);
    expect(await document.ask({ text: `A sentence with ${inDocument}.` })).toMatchObject({ kind: 'ok' });
    const places = await everythingOf(test);
    for (const word of [inDocument, inAnswer, modelKey]) expect(findPieces(places, word)).toEqual([]);

    await document.make();
    const now = await everythingOf(test);
    expect(findPieces(now, inAnswer)).not.toEqual([]);
    expect(findPieces(now.replaceAll(inAnswer, ''), inDocument)).toEqual([]);
  });

  it('lie nowhere where the answer could not be used', async ({ document, test, twin, modelKey }) => {
    const [inDocument, inAnswer] = [canaryKey(), canaryKey()];
    twin.script(modelKey, [
      { kind: 'ok', says: `I would rather say ${inAnswer}` },
      { kind: 'ok', says: inAnswer, stopReason: 'refusal' },
      { kind: 'status', status: 400, body: { error: { type: 'invalid_request_error', message: inAnswer } } },
    ]);
    const text = `A sentence with ${inDocument}.`;
    for (const part of [0, 1, 2])
      expect(await document.ask({ part, text })).toMatchObject({ kind: 'failed' });
    const places = await everythingOf(test);
    for (const word of [inDocument, inAnswer]) expect(findPieces(places, word)).toEqual([]);
  });
});

/** Every row of every table, every line of the log, and the metrics. */
async function everythingOf({ db, logLines, metrics }: TestServices): Promise<string> {
  const tables = await db.rawAsOwner(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
  );
  const rows = await Promise.all(
    tables.map(async ({ name }) => JSON.stringify(await db.rawAsOwner(`select t::text from ${name} t`))),
  );
  return [...rows, ...logLines, await metrics.registry.metrics()].join('\n');
}
