import { describe, expect, it } from 'vitest';
import type { Transaction } from '../../src/platform/postgres/database.ts';
import { createLogger } from '../../src/platform/telemetry/logging.ts';
import { type Judge, skip } from '../../src/proposals/decision.ts';
import { createGate } from '../../src/proposals/gate.ts';
import { attemptWrite, type JudgedWrite } from '../../src/proposals/judged-write.ts';
import type { Proposals } from '../../src/proposals/vectors.ts';

// What the gate does with its author's patience, without a database: a write here says what its judge says.
const embedded: Proposals = {
  embed: async () => ({
    kind: 'embedded',
    proposal: { chunks: [], model: 'm', spaceId: undefined, known: new Set(), bought: new Map() },
  }),
  compare: async () => ({ similar: [], ofAllText: true }),
  keep: async () => undefined,
};
const text = { title: 'A title', body: 'Some words.' };
const log = createLogger({ level: 'silent', process: 'test' });
const wanted = { contentHash: 'a hash', status: 'published' } as const;

/** Nothing is asked of it. */
const noTransaction: Transaction = Object.create(null);

/** Of its writes the first waits for something that never comes, and the others say how their judge has judged. */
function stuckFirst() {
  const writes: Judge[] = [];
  const write: JudgedWrite<string> = async (judge) => {
    writes.push(judge);
    if (writes.length === 1) await new Promise(() => undefined);
    const judgement = await judge(noTransaction, wanted);
    return `${judgement.report.verdict} ${judgement.report.reason}`;
  };
  return { write, writes };
}

describe('a gate', () => {
  it('keeps nobody beyond his own patience, whoever has the turn', async () => {
    const gate = createGate({ proposals: embedded, log, timeoutMs: 20 });
    const { write, writes } = stuckFirst();
    const all = Promise.all(Array.from({ length: 4 }, () => gate.propose('tenant', text, write)));
    expect(await all).toEqual(Array.from({ length: 4 }, () => 'unknown internal'));
    // One waited for its comparison and was begun again; the others for their turn.
    expect(writes).toHaveLength(5);
  });
});

describe('a write that was given up', () => {
  it.each(['begins', 'is judged'] as const)('creates nothing, however late it %s', async (late) => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let outcome: unknown;
    const write: JudgedWrite<string> = async (judge) => {
      try {
        if (late === 'begins') await released;
        await judge(noTransaction, wanted);
        outcome = 'created';
      } catch (error) {
        outcome = error;
        throw error;
      }
      return 'created';
    };
    const judge: Judge = async (tx, proposed) => {
      if (late === 'is judged') await released;
      return skip(tx, proposed);
    };
    expect(await attemptWrite(write, judge, 5)).toEqual({ kind: 'too_late' });
    release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcome).toMatchObject({ name: 'GateFailed' });
  });

  it('is not given up once it is judged, and takes the time that it takes', async () => {
    const write: JudgedWrite<string> = async (judge) => {
      await judge(noTransaction, wanted);
      await new Promise((resolve) => setTimeout(resolve, 30));
      return 'created';
    };
    expect(await attemptWrite(write, skip, 5)).toEqual({ kind: 'written', result: 'created' });
  });
});
