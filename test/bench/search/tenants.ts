import type pg from 'pg';
import { z } from 'zod';
import { createApiClient, expectSuccess } from '../../../src/stack/api-client.ts';
import { mintApiKey } from '../../../src/tenants/api-key.ts';
import { twinKey } from '../../support/provider-twin.ts';
import { type CorpusTenant, idOf, tenants as tenantCount } from './corpus.ts';
import { tenantIdOf } from './load-corpus.ts';

/** Tenants that searches are measured for; those who search more often are there more than once. */
export interface TenantGroup {
  readonly name: 'large' | 'middle' | 'small' | 'every';
  readonly tenants: readonly CorpusTenant[];
}

/** The large tenant; the twenty after it; and some of the rest, from the hundredth to the smallest. */
export function groupTenants(corpus: readonly CorpusTenant[]) {
  const pick = (name: TenantGroup['name'], indexes: readonly number[]): TenantGroup => ({
    name,
    tenants: corpus.filter(({ index }) => indexes.includes(index)),
  });
  const numbers = (length: number, at: (index: number) => number) =>
    Array.from({ length }, (_, index) => at(index));
  return {
    large: pick('large', [0]),
    middle: pick(
      'middle',
      numbers(20, (index) => index + 1),
    ),
    small: pick(
      'small',
      numbers(40, (index) => 100 + Math.floor((index * (tenantCount - 100)) / 40)),
    ),
  };
}

/**
 * Who searches when everybody searches as much as they have written: of twenty searches six are the large tenant's, three
 * come from the twenty after it, and eleven from the rest.
 */
export function mixTenants({ large, middle, small }: ReturnType<typeof groupTenants>): TenantGroup {
  const turns = (group: TenantGroup, round: number, count: number) =>
    Array.from(
      { length: count },
      (_, turn) => group.tenants[(round * count + turn) % group.tenants.length] ?? [],
    );
  const tenants = Array.from({ length: 20 }, (_, round) => [
    ...turns(large, round, 6),
    ...turns(middle, round, 3),
    ...turns(small, round, 11),
  ]);
  return { name: 'every', tenants: tenants.flat(2) };
}

/** API keys a tenant, used in turn: one alone could meet the rate limit. */
const keysEach = 4;

/** Gives each tenant a provider key, as its people would, and API keys; these by tenant. */
export async function equipTenants(
  owner: pg.Client,
  apiUrl: string,
  tenants: readonly CorpusTenant[],
): Promise<Map<number, readonly string[]>> {
  const api = createApiClient(apiUrl);
  const equipped = new Map<number, readonly string[]>();
  for (const { index } of tenants) {
    const agentKeys: string[] = [];
    for (let number = 0; number < keysEach; number += 1)
      agentKeys.push(await insertKey(owner, index, number, 'agent'));
    const key = await insertKey(owner, index, keysEach, 'user');
    const body = { embedding_api_key: twinKey() };
    const set = await api({ method: 'PATCH', path: '/tenants/me/llm-config', key, body });
    expectSuccess(set, z.unknown(), 'set the embedding key');
    equipped.set(index, agentKeys);
  }
  return equipped;
}

async function insertKey(
  owner: pg.Client,
  tenant: number,
  number: number,
  role: 'agent' | 'user',
): Promise<string> {
  const { key, keyHash, hint } = mintApiKey();
  const tenantId = tenantIdOf(tenant);
  // One statement, so that the setting and the row are of one transaction.
  await owner.query(
    `with mine as materialized (select set_config('app.tenant_id', $1, true))
     insert into api_keys (tenant_id, id, label, role, key_hash, key_hint)
     select cast($1 as uuid), $2, 'benchmark', $3, $4, $5 from mine`,
    [tenantId, idOf('api key', tenant, number), role, keyHash, hint],
  );
  return key;
}
