import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Provider } from '../../../src/domain/operations.ts';
import { createKeyCustody, type KeyUse } from '../../../src/llm-config/custody.ts';
import { createLlmConfigMetrics } from '../../../src/llm-config/metrics.ts';
import type { Decrypted, Transit } from '../../../src/platform/vault/transit.ts';

/** A key's use, at one origin unless another is named. */
const use = (tenantId: string, provider: Provider = 'embedding', origin = 'https://a.example'): KeyUse => ({
  tenantId,
  provider,
  origin,
});

const metrics = createLlmConfigMetrics(new Registry());

test('an opened key is asked of Vault once while it is kept', async () => {
  const vault = countingTransit();
  const custody = createKeyCustody({ metrics, transit: vault.transit });
  for (let call = 0; call < 50; call += 1) {
    expect(await custody.open(use('t1', 'embedding'), 'c1')).toEqual({ kind: 'ok', plaintext: 'opened c1' });
  }
  expect(vault.asked).toHaveLength(1);
});

test('concurrent openings of one key share one call', async () => {
  const vault = countingTransit();
  const custody = createKeyCustody({ metrics, transit: vault.transit });
  const open = vault.hold();
  const answers = Array.from({ length: 20 }, () => custody.open(use('t1', 'embedding'), 'c1'));
  open();
  expect(new Set((await Promise.all(answers)).map(({ kind }) => kind))).toEqual(new Set(['ok']));
  expect(vault.asked).toHaveLength(1);
});

test('tenants, providers, origins and ciphertexts never share an opened key', async () => {
  const vault = countingTransit();
  const custody = createKeyCustody({ metrics, transit: vault.transit });
  await custody.open(use('t1', 'embedding'), 'c1');
  await custody.open(use('t2', 'embedding'), 'c1');
  await custody.open(use('t1', 'anthropic'), 'c1');
  await custody.open(use('t1', 'embedding'), 'c2');
  await custody.open(use('t1', 'embedding', 'https://a.example:8443'), 'c1');
  expect(vault.asked).toHaveLength(5);
  expect(new Set(vault.asked.map(({ context }) => context))).toHaveLength(4);
});

test('a failure is not kept: the next call asks Vault again', async () => {
  const vault = countingTransit();
  const custody = createKeyCustody({ metrics, transit: vault.transit });
  vault.answerWith(() => ({ kind: 'failed', code: 'vault_unavailable' }));
  expect(await custody.open(use('t1', 'embedding'), 'c1')).toEqual({
    kind: 'failed',
    code: 'vault_unavailable',
  });
  vault.answerWith(() => ({ kind: 'ok', plaintext: 'now' }));
  expect(await custody.open(use('t1', 'embedding'), 'c1')).toEqual({ kind: 'ok', plaintext: 'now' });
});

test('at most so many opened keys are kept', async () => {
  const vault = countingTransit();
  const custody = createKeyCustody({ metrics, transit: vault.transit, maxKeys: 2 });
  for (const ciphertext of ['c1', 'c2', 'c3']) await custody.open(use('t1', 'embedding'), ciphertext);
  await custody.open(use('t1', 'embedding'), 'c3');
  expect(vault.asked).toHaveLength(3);
  await custody.open(use('t1', 'embedding'), 'c1');
  expect(vault.asked).toHaveLength(4);
});

test('an opened key expires after its time', async () => {
  const vault = countingTransit();
  const custody = createKeyCustody({ metrics, transit: vault.transit, ttlMs: 5 });
  await custody.open(use('t1', 'embedding'), 'c1');
  await expect
    .poll(async () => {
      await custody.open(use('t1', 'embedding'), 'c1');
      return vault.asked.length;
    })
    .toBeGreaterThan(1);
});

test('each opening is counted once: by Vault, by the cache, and not at all where it is shared', async () => {
  const counted: string[] = [];
  const vault = countingTransit();
  const custody = createKeyCustody({
    metrics: { keyOpened: ({ by, code }) => counted.push(`${by} ${code}`) },
    transit: vault.transit,
  });
  await Promise.all([custody.open(use('t1', 'embedding'), 'c1'), custody.open(use('t1', 'embedding'), 'c1')]);
  expect(counted).toEqual(['vault ok']);
  await custody.open(use('t1', 'embedding'), 'c1');
  expect(counted).toEqual(['vault ok', 'cache ok']);
  vault.answerWith(() => ({ kind: 'failed', code: 'key_unusable' }));
  await custody.open(use('t1', 'embedding'), 'c2');
  expect(counted).toEqual(['vault ok', 'cache ok', 'vault key_unusable']);
});

/** Counts what Vault is asked, and answers when the test says so. */
function countingTransit() {
  const asked: { readonly context: string; readonly ciphertext: string }[] = [];
  let answer: (ciphertext: string) => Decrypted = (ciphertext) => ({
    kind: 'ok',
    plaintext: `opened ${ciphertext}`,
  });
  let gate: Promise<void> = Promise.resolve();
  const transit: Pick<Transit, 'encrypt' | 'decrypt'> = {
    encrypt: async () => ({ kind: 'failed', code: 'vault_unavailable' }),
    decrypt: async (context, ciphertext) => {
      asked.push({ context, ciphertext });
      await gate;
      return answer(ciphertext);
    },
  };
  return {
    transit,
    asked,
    answerWith: (next: typeof answer) => {
      answer = next;
    },
    hold: () => {
      let open: () => void = () => undefined;
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return open;
    },
  };
}
