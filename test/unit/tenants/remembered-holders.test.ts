import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRememberedHolders, type LookUp } from '../../../src/tenants/remembered-holders.ts';
import type { KeyHolder } from '../../../src/tenants/store.ts';

const hour = 3_600_000;

describe('the holders that a process remembers', () => {
  it('are those of look-ups that began while changes are announced', () => {
    const remembered = createRememberedHolders();
    const early = remembered.beginLookUp();
    remembered.resume();
    early.remember('early', holderOf('early'));
    remembered.beginLookUp().remember('later', holderOf('later'));
    expect([remembered.find('early'), remembered.find('later')?.keyId]).toEqual([undefined, 'later']);
  });

  it('are forgotten when announcements may be missed, and none is added until they come again', () => {
    const remembered = createRememberedHolders();
    remembered.resume();
    remembered.beginLookUp().remember('known', holderOf('known'));
    remembered.suspend();
    remembered.beginLookUp().remember('meanwhile', holderOf('meanwhile'));
    remembered.resume();
    expect([remembered.find('known'), remembered.find('meanwhile')]).toEqual([undefined, undefined]);
  });

  it('leave out a key that has expired', () => {
    const remembered = createRememberedHolders();
    remembered.resume();
    remembered.beginLookUp().remember('over', { ...holderOf('over'), expiresInMs: 0 });
    remembered.beginLookUp().remember('valid', { ...holderOf('valid'), expiresInMs: hour });
    expect([remembered.find('over'), remembered.find('valid')?.keyId]).toEqual([undefined, 'valid']);
  });

  it('are never older than the last change that was announced, in whatever order things happen', () => {
    const key = fc.constantFrom('a', 'b');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('begin' as const), key }),
      fc.record({ kind: fc.constant('end' as const), key, nth: fc.nat(5) }),
      fc.record({ kind: fc.constant('change' as const), key }),
      fc.record({ kind: fc.constantFrom('down' as const, 'up' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const remembered = createRememberedHolders();
        const revisions = { a: 0, b: 0 };
        let isUp = false;
        const underWay: { readonly key: 'a' | 'b'; readonly revision: number; readonly lookUp: LookUp }[] =
          [];
        for (const each of steps) {
          switch (each.kind) {
            case 'begin':
              // The earliest that the row can be read.
              underWay.push({
                ...{ key: each.key, revision: revisions[each.key] },
                lookUp: remembered.beginLookUp(),
              });
              break;
            case 'end': {
              const [ended] = underWay.splice(each.nth, 1);
              ended?.lookUp.remember(ended.key, { ...holderOf(ended.key), label: String(ended.revision) });
              break;
            }
            case 'change':
              revisions[each.key] += 1;
              if (isUp) remembered.forget(each.key);
              break;
            case 'down':
              isUp = false;
              remembered.suspend();
              break;
            case 'up':
              isUp = true;
              remembered.resume();
              break;
            default:
              each satisfies never;
          }
          for (const known of ['a', 'b'] as const) {
            const found = remembered.find(known);
            if (found !== undefined) expect(found.label).toBe(String(revisions[known]));
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

function holderOf(keyId: string): KeyHolder {
  return { tenantId: 't', keyId, label: '0', role: 'agent', useIsUnrecorded: false, expiresInMs: null };
}
