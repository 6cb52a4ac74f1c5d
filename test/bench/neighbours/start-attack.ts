import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import { createApiClient, expectSuccess } from '../../../src/stack/api-client.ts';
import { slowTwinKey } from '../../support/provider-twin.ts';
import type { BenchStack } from '../bench-stack.ts';
import { type BenchTenant, createBenchTenant } from '../bench-tenant.ts';
import type { Attack } from './attacks.ts';

export interface Attacker {
  /** Begins, and ends, the attack. */
  begin(): Promise<void>;
  end(): Promise<void>;
}

const articlesAtOnce = 1_000;

/** A tenant with everything that its attack needs, and the attack itself. */
export async function createAttacker(stack: BenchStack, attack: Attack): Promise<Attacker> {
  const { providerDelayMs, articles } = attack;
  const tenant = await createBenchTenant(
    stack,
    providerDelayMs === undefined ? false : slowTwinKey(providerDelayMs),
  );
  if (articles !== undefined) await writeArticles(stack, tenant, articles);
  let stop: () => Promise<unknown> = () => Promise.resolve();
  let serial = 0;
  return {
    async begin() {
      const args = [attack.case, stack.apiUrl, tenant.keys.agent, String(serial)];
      serial += 1_000_000;
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', join(import.meta.dirname, 'attack-process.ts'), ...args],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
      stop = async () => {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      };
    },
    async end() {
      await stop();
      // Its workflows end: the next measurement finds a machine at rest.
      const removed = await createApiClient(stack.apiUrl)({
        method: 'PATCH',
        path: '/tenants/me/llm-config',
        key: tenant.keys.user,
        body: { embedding_api_key: null },
      });
      expectSuccess(removed, z.unknown(), 'remove the embedding key');
      await tenant.close();
    },
  };
}

/** Writes articles with the owner's login: through the API they would take an hour. */
async function writeArticles(
  stack: BenchStack,
  tenant: BenchTenant,
  { count, body }: NonNullable<Attack['articles']>,
): Promise<void> {
  const owner = new pg.Client({ connectionString: stack.databaseOwnerUrl });
  await owner.connect();
  await owner.query(`select set_config('app.tenant_id', $1, false)`, [tenant.id]);
  for (let from = 0; from < count; from += articlesAtOnce) {
    const serials = Array.from({ length: Math.min(articlesAtOnce, count - from) }, (_, i) => from + i);
    const ids = serials.map(() => randomUUID());
    await owner.query(
      `insert into articles (tenant_id, id, title, body, category, status, content_hash)
       select $1, id, 'Article ' || serial, body, 'finding', 'published', md5(body)
         from unnest($2::uuid[], $3::int[], $4::text[]) as given (id, serial, body)`,
      [tenant.id, ids, serials, serials.map(body)],
    );
    await owner.query(
      `insert into article_embeddings (tenant_id, article_id, status, reason)
       select $1, id, 'blocked', 'no_api_key' from unnest($2::uuid[]) as given (id)`,
      [tenant.id, ids],
    );
  }
  await owner.query('vacuum analyze articles');
  await owner.end();
}
