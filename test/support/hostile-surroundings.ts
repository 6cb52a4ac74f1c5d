import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Aims } from './hostile-documents.ts';
import type { TestServices } from './test-services.ts';

/** What a hostile document must not change, as digests: all rows of the other tenant; of the tenant itself the article that stood there, its settings and its keys. */
export async function stateBeside({ db }: TestServices, tenantId: string, aims: Aims) {
  const tables = await db.rawAsOwner(
    `select table_name as name from information_schema.columns
      where table_schema = 'public' and column_name = 'tenant_id' order by 1`,
  );
  const digest = (table: unknown, where: string, id: string) =>
    db.rawAsOwner(
      `select count(*), md5(coalesce(string_agg(row, ',' order by row), '')) as digest
         from (select (to_jsonb(t) - 'last_used_at')::text as row from ${table} t where ${where}) as rows`,
      [id],
    );
  return {
    theirs: await Promise.all(
      tables.map(async ({ name }) => [name, await digest(name, 'tenant_id = $1', aims.otherTenantId)]),
    ),
    own: await Promise.all([
      digest('articles', 'id = $1', aims.ownArticleId),
      ...['llm_settings', 'provider_keys', 'api_keys'].map((table) =>
        digest(table, 'tenant_id = $1', tenantId),
      ),
      digest('tenants', 'id = $1', tenantId),
    ]),
  };
}

/** A server that nothing may call. */
export async function startTrap() {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}
