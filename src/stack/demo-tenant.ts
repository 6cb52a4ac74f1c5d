import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type ApiClient, expectSuccess } from './api-client.ts';
import type { SecretFiles } from './secret-files.ts';

const keysSchema = z.object({ agent: z.string(), orchestrator: z.string(), user: z.string() });
export type DemoKeys = z.infer<typeof keysSchema>;

const created = z.object({ data: z.object({ keys: keysSchema }) });
const settings = z.object({ has_embedding_key: z.boolean() });
const providerInUse = z.object({ effective: z.object({ embedding_provider: z.string() }) });
const verification = z.object({ data: z.object({ embedding: z.object({ code: z.string().optional() }) }) });

export interface DemoTenantOptions {
  readonly api: ApiClient;
  readonly adminKey: string;
  readonly secrets: SecretFiles;
  readonly log: (line: string) => void;
}

const path = '/tenants/me/llm-config';
const keysFile = 'demo-tenant-keys';

/** Returns the keys of the demo tenant: the stored ones while they work, else those of a tenant that it creates. */
export async function openDemoTenant(options: DemoTenantOptions): Promise<DemoKeys> {
  const { api, adminKey, secrets, log } = options;
  const stored = await secrets.read(keysFile);
  if (stored !== undefined) {
    const keys = keysSchema.parse(JSON.parse(stored));
    if ((await api({ path, key: keys.user })).status === 200) return keys;
    log('this database does not accept the stored keys of the demo tenant: creating another tenant');
  }
  const create = (slug: string) =>
    api({ method: 'POST', path: '/admin/tenants', key: adminKey, body: { slug, name: 'Demonstration' } });
  let answer = await create('demo');
  if (answer.status === 409) {
    // The API shows keys once, so those of the existing tenant are lost.
    const slug = `demo-${randomBytes(3).toString('hex')}`;
    log(`a tenant "demo" exists, but its keys were not stored: the new one is called "${slug}"`);
    answer = await create(slug);
  }
  const { keys } = expectSuccess(answer, created, 'create the demo tenant').data;
  await secrets.write(keysFile, JSON.stringify(keys));
  return keys;
}

/** Whether the tenant has an embedding key. */
export async function hasEmbeddingKey(api: ApiClient, key: string): Promise<boolean> {
  const view = expectSuccess(await api({ path, key }), settings, "read the demo tenant's settings");
  return view.has_embedding_key;
}

/**
 * Whether the tenant has a key that was set for another address: the port of the embedding server is another one than at the last
 * start. A key for a provider that the tenant has chosen itself is left alone.
 */
async function hasKeyForFormerPort(api: ApiClient, key: string): Promise<boolean> {
  const view = expectSuccess(await api({ path, key }), providerInUse, "read the demo tenant's provider");
  if (view.effective.embedding_provider !== 'default') return false;
  const answer = await api({ method: 'POST', path: `${path}/verify`, key });
  return (
    expectSuccess(answer, verification, "try the demo tenant's key").data.embedding.code === 'key_unusable'
  );
}

/** Gives the tenant an embedding key if it has none for the local embedding server, which accepts any key. */
export async function giveEmbeddingKey(api: ApiClient, key: string): Promise<void> {
  if ((await hasEmbeddingKey(api, key)) && !(await hasKeyForFormerPort(api, key))) return;
  const body = { embedding_api_key: `local-${randomBytes(16).toString('hex')}` };
  expectSuccess(await api({ method: 'PATCH', path, key, body }), settings, "set the demo tenant's key");
}
