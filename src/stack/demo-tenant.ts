import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { expectSuccess, type LorekeepApi } from './api-client.ts';
import type { SecretFiles } from './secret-files.ts';

const keysSchema = z.object({ agent: z.string(), orchestrator: z.string(), user: z.string() });
export type DemoKeys = z.infer<typeof keysSchema>;

const created = z.object({ data: z.object({ keys: keysSchema }) });
const settings = z.object({ has_embedding_key: z.boolean() });

export interface DemoTenantOptions {
  readonly api: LorekeepApi;
  readonly adminKey: string;
  readonly secrets: SecretFiles;
  readonly log: (line: string) => void;
}

const keysFile = 'demo-tenant-keys';

/** The keys of the tenant `demo`: those of an earlier start while they work, else of a tenant that is made now. */
export async function openDemoTenant(options: DemoTenantOptions): Promise<DemoKeys> {
  const { api, adminKey, secrets, log } = options;
  const stored = await secrets.read(keysFile);
  if (stored !== undefined) {
    const keys = keysSchema.parse(JSON.parse(stored));
    if ((await api({ path: '/tenants/me/llm-config', key: keys.user })).status === 200) return keys;
    log('the keys of the demo tenant are not known to this database: another tenant is made');
  }
  const create = (slug: string) =>
    api({ method: 'POST', path: '/admin/tenants', key: adminKey, body: { slug, name: 'Demonstration' } });
  let answer = await create('demo');
  if (answer.status === 409) {
    // Its keys were shown once and are lost.
    const slug = `demo-${randomBytes(3).toString('hex')}`;
    log(`there is a tenant "demo" whose keys nobody kept: this one is called "${slug}"`);
    answer = await create(slug);
  }
  const { keys } = expectSuccess(answer, created, 'make the demo tenant').data;
  await secrets.write(keysFile, JSON.stringify(keys));
  return keys;
}

/** Gives the tenant an embedding key where it has none. The local server takes any. */
export async function giveEmbeddingKey(api: LorekeepApi, key: string): Promise<void> {
  const path = '/tenants/me/llm-config';
  const view = expectSuccess(await api({ path, key }), settings, "read the demo tenant's settings");
  if (view.has_embedding_key) return;
  const body = { embedding_api_key: `local-${randomBytes(16).toString('hex')}` };
  expectSuccess(await api({ method: 'PATCH', path, key, body }), settings, "set the demo tenant's key");
}
