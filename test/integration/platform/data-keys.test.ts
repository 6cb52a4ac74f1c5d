import { randomUUID } from 'node:crypto';
import { test as base, describe, expect, inject } from 'vitest';
import { createDataKeys, type DataKeys } from '../../../src/platform/vault/data-keys.ts';
import { createTransit } from '../../../src/platform/vault/transit.ts';
import type { CuttableLink } from '../../support/cuttable-link.ts';
import { linkToVault } from '../../support/fixtures.ts';

// Each fact has data keys of its own, with an empty memory, on the run's OpenBao behind a link that it can cut.
const it = base
  .extend('vault', { scope: 'file' }, linkToVault)
  .extend('keys', ({ vault }) => keysOver(vault))
  .extend('tenantId', () => randomUUID());

describe('a data key of a tenant', () => {
  it('is opened by another process as the same key', async ({ keys, vault, tenantId }) => {
    const { key, wrapped } = await created(keys, tenantId);
    expect(wrapped).toMatch(/^vault:v\d+:/);
    const sealed = key.seal('a label', Buffer.from('a sentence'));
    const opened = await keysOver(vault).open(tenantId, wrapped);
    if (opened.kind !== 'ok') throw new Error(opened.code);
    expect(opened.key.open('a label', sealed)?.toString()).toBe('a sentence');
    expect(opened.key.open('another label', sealed)).toBeUndefined();
  });

  it('does not open for another tenant, nor once it was altered', async ({ keys, tenantId }) => {
    const { wrapped } = await created(keys, tenantId);
    const unusable = { kind: 'failed', code: 'key_unusable' };
    expect(await keys.open(randomUUID(), wrapped)).toEqual(unusable);
    const middle = Math.floor(wrapped.length / 2);
    const altered = `${wrapped.slice(0, middle)}${wrapped[middle] === 'A' ? 'B' : 'A'}${wrapped.slice(middle + 1)}`;
    expect(await keys.open(tenantId, altered)).toEqual(unusable);
    expect(await keys.open(tenantId, 'nothing that Vault has made')).toEqual(unusable);
  });

  it('is another one each time, and opens nothing of the other', async ({ keys, tenantId }) => {
    const [one, other] = [await created(keys, tenantId), await created(keys, tenantId)];
    expect(one.wrapped).not.toBe(other.wrapped);
    expect(other.key.open('label', one.key.seal('label', Buffer.from('text')))).toBeUndefined();
  });

  it('can neither be made nor opened while Vault is away, and both again afterwards', async ({
    keys,
    vault,
    tenantId,
  }) => {
    const { wrapped } = await created(keys, tenantId);
    await vault.cut();
    const away = { kind: 'failed', code: 'vault_unavailable' };
    expect(await keys.create(tenantId)).toEqual(away);
    expect(await keys.open(tenantId, wrapped)).toEqual(away);
    await vault.restore();
    expect(await keys.open(tenantId, wrapped)).toMatchObject({ kind: 'ok' });
  });
});

const keysOver = (vault: CuttableLink): DataKeys =>
  createDataKeys({
    transit: createTransit({
      address: vault.url,
      login: { kind: 'token', token: inject('vaultToken') },
      mount: inject('vaultTransitMount'),
      key: inject('vaultTransitKey'),
      timeoutMs: 5_000,
    }),
  });

async function created(keys: DataKeys, tenantId: string) {
  const made = await keys.create(tenantId);
  if (made.kind !== 'ok') throw new Error(made.code);
  return made;
}
