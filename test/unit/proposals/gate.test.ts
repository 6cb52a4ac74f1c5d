import { describe, expect, it } from 'vitest';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { createGate, type Proposals } from '../../../src/proposals/gate.ts';
import { targetOf } from '../../support/targets.ts';

// What the gate does with its author's time, without a database.
const text = { title: 'A title', body: 'Some words.' };
const log = createLogger({ level: 'silent', process: 'test' });
const proposed = { ...text, contentHash: 'a hash', status: 'published' } as const;

describe('a gate', () => {
  it('makes no author wait longer than the time of one proposal, in whatever order they come', async () => {
    const gate = createGate({ proposals: embedded, log, timeoutMs: 20 });
    let decisions = 0;
    const propose = async () => {
      const assessment = await gate.assess('tenant', text);
      decisions += 1;
      const decision = await gate.decide(stuck, 'tenant', proposed, assessment);
      if (decision.kind === 'compare_first') throw new Error(decision.kind);
      const { report } = decision;
      // The write that comes after the decision never ends, and the mutex is never released.
      return `${report.verdict} ${report.reason}`;
    };
    const all = await Promise.all(Array.from({ length: 4 }, propose));
    expect(all).toEqual(Array.from({ length: 4 }, () => 'unknown internal'));
    expect(decisions).toBe(4);
  });

  it('lets the next proposal of the tenant go on when the write is over, and not before', async () => {
    const gate = createGate({ proposals: embedded, log, timeoutMs: 5_000 });
    const first = await gate.assess('tenant', text);
    let isNext = false;
    const second = gate.assess('tenant', text).then((assessment) => {
      isNext = true;
      return assessment;
    });
    await gate.assess('another tenant', text);
    expect(isNext).toBe(false);
    first.release();
    expect(await second).toMatchObject({ kind: 'embedded', holdsMutex: true });
  });

  it('decides on long texts by what was compared while no transaction was open', async () => {
    const compared = {
      versions: new Set(['a version']),
      saidBy: 'a version',
      nearest: undefined,
      differs: [],
    };
    const seen: unknown[] = [];
    const compareWords: Proposals['compareWords'] = async (_tx, _tenantId, { before }) => {
      seen.push(before);
      return before === undefined
        ? { kind: 'long', compare: async () => compared }
        : { kind: 'compared', saidBy: { id: 'an id', title: 'A title' }, differs: [] };
    };
    const gate = createGate({ proposals: { ...embedded, compareWords }, log, timeoutMs: 5_000 });
    const first = await gate.decide(open, 'tenant', proposed, await gate.assess('tenant', text));
    if (first.kind !== 'compare_first') throw new Error(first.kind);
    const second = await gate.decide(open, 'tenant', proposed, await first.compare());
    expect(second).toMatchObject({ kind: 'duplicate', of: 'an id' });
    expect(seen).toEqual([undefined, compared]);
  });

  it('compares nothing for an author who skips it', async () => {
    const gate = createGate({ proposals: embedded, log, timeoutMs: 20 });
    const decision = await gate.decide(stuck, 'tenant', proposed, gate.skip);
    expect(decision).toMatchObject({ kind: 'new', report: { verdict: 'skipped' } });
  });
});

const embedded: Proposals = {
  embed: async () => ({
    kind: 'embedded',
    proposal: { chunks: [], target: targetOf('m'), spaceId: undefined, known: new Set(), bought: new Map() },
  }),
  compare: async () => [],
  compareWords: async () => ({ kind: 'compared', differs: [] }),
  store: async () => undefined,
};

/** A transaction whose savepoints last until their time is over; nothing else is asked of it. */
const stuck: Transaction = Object.assign(Object.create(null), {
  savepoint: (_work: unknown, { timeoutMs }: { timeoutMs: number }) =>
    new Promise((_, reject) => setTimeout(() => reject(new Error('late')), timeoutMs)),
});

/** A transaction in which every statement succeeds. */
const open: Transaction = Object.assign(Object.create(null), {
  savepoint: (work: (tx: Transaction) => unknown) => work(open),
  raw: async () => ({ rows: [] }),
});
