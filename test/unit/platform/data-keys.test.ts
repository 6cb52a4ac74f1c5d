import { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDataKeys, type DataKeysDeps } from '../../../src/platform/vault/data-keys.ts';
import { openSealed, sealBytes } from '../../../src/platform/vault/sealed-bytes.ts';
import type { UnwrappedDataKey } from '../../../src/platform/vault/transit.ts';

describe('an opened data key', () => {
  it('is asked of Vault once, however many open it at a time and after', async () => {
    const vault = countingTransit();
    const keys = createDataKeys({ transit: vault.transit });
    await Promise.all(Array.from({ length: 20 }, () => keys.open('t1', 'w1')));
    await keys.open('t1', 'w1');
    expect(vault.asked).toEqual(['lorekeep/document/t1 w1']);
  });

  it('is shared neither by tenants nor by wrapped keys', async () => {
    const vault = countingTransit();
    const keys = createDataKeys({ transit: vault.transit });
    for (const [tenant, wrapped] of [
      ['t1', 'w1'],
      ['t2', 'w1'],
      ['t1', 'w2'],
    ] as const)
      await keys.open(tenant, wrapped);
    expect(vault.asked).toEqual([
      'lorekeep/document/t1 w1',
      'lorekeep/document/t2 w1',
      'lorekeep/document/t1 w2',
    ]);
  });

  it('makes room for others', async () => {
    const vault = countingTransit();
    const keys = createDataKeys({ transit: vault.transit, maxKeys: 2 });
    for (const wrapped of ['w1', 'w2', 'w3', 'w1']) await keys.open('t1', wrapped);
    expect(vault.asked).toHaveLength(4);
  });

  it('is forgotten after its time', async () => {
    const vault = countingTransit();
    const keys = createDataKeys({ transit: vault.transit, ttlMs: 5 });
    const askedAgain = async () => {
      await keys.open('t1', 'w1');
      return vault.asked.length;
    };
    await expect.poll(askedAgain).toBeGreaterThan(1);
  });

  it('is not remembered as a failure', async () => {
    const vault = countingTransit();
    const keys = createDataKeys({ transit: vault.transit });
    vault.answerWith(() => ({ kind: 'failed', code: 'vault_unavailable' }));
    expect(await keys.open('t1', 'w1')).toEqual({ kind: 'failed', code: 'vault_unavailable' });
    vault.answerWith(() => ({ kind: 'ok', bytes: randomBytes(32) }));
    expect(await keys.open('t1', 'w1')).toMatchObject({ kind: 'ok' });
  });

  it('cannot be made of bytes of another length', async () => {
    const vault = countingTransit();
    const keys = createDataKeys({ transit: vault.transit });
    vault.answerWith(() => ({ kind: 'ok', bytes: randomBytes(16) }));
    expect(await keys.open('t1', 'w1')).toEqual({ kind: 'failed', code: 'key_unusable' });
  });

  it('shows its bytes to no log, and wipes those that Vault gave', async () => {
    const vault = countingTransit();
    const bytes = randomBytes(32);
    const hex = bytes.toString('hex');
    vault.answerWith(() => ({ kind: 'ok', bytes }));
    const opened = await createDataKeys({ transit: vault.transit }).open('t1', 'w1');
    const shown = inspect(opened, { depth: null, showHidden: true }) + JSON.stringify(opened);
    expect(shown).not.toContain(hex.slice(0, 8));
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});

describe('sealed bytes', () => {
  const key = createSecretKey(randomBytes(32));

  it('open as what they were, under their own key and label only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), fc.string(), (bytes, label, other) => {
        const sealed = sealBytes(key, label, bytes);
        expect(openSealed(key, label, sealed)).toEqual(Buffer.from(bytes));
        expect(openSealed(createSecretKey(randomBytes(32)), label, sealed)).toBeUndefined();
        if (other !== label) expect(openSealed(key, other, sealed)).toBeUndefined();
      }),
    );
  });

  it('do not open once a bit of them is another, or their end is missing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(), (bytes, at) => {
        const sealed = sealBytes(key, 'label', bytes);
        const bit = at % (sealed.length * 8);
        const altered = Buffer.from(sealed);
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(openSealed(key, 'label', altered)).toBeUndefined();
        expect(openSealed(key, 'label', sealed.subarray(0, at % sealed.length))).toBeUndefined();
      }),
    );
  });

  it('differ each time, and hold nothing of the text', () => {
    const text = Buffer.from('a sentence of the document');
    const sealed = [sealBytes(key, 'label', text), sealBytes(key, 'label', text)];
    expect(sealed[0]).not.toEqual(sealed[1]);
    expect(sealed.some((bytes) => bytes.includes('sentence'))).toBe(false);
  });

  it('of any bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(openSealed(key, 'label', bytes)).toBeUndefined();
      }),
    );
  });
});

/** Counts what Vault is asked, and answers when the test says so. */
function countingTransit() {
  const asked: string[] = [];
  let answer = (): UnwrappedDataKey => ({ kind: 'ok', bytes: randomBytes(32) });
  const transit: DataKeysDeps['transit'] = {
    createDataKey: async () => ({ kind: 'failed', code: 'vault_unavailable' }),
    unwrapDataKey: async (context, wrapped) => {
      asked.push(`${context} ${wrapped}`);
      return answer();
    },
  };
  return {
    transit,
    asked,
    answerWith: (next: typeof answer) => {
      answer = next;
    },
  };
}
