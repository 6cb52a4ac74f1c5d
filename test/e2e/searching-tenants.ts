import { expect } from 'vitest';
import { canaryKey } from '../faults/canaries.ts';
import type { CuttableLink } from '../support/cuttable-link.ts';
import { prepareCall } from '../support/prepare-call.ts';
import type { ProviderTwin, TwinStep } from '../support/provider-twin.ts';
import type { RunningService } from '../support/running-service.ts';
import type { TestTenant } from '../support/test-services.ts';

export interface SearchingTenant {
  readonly tenant: TestTenant;
  /** The tenant's key at the provider. */
  readonly key: string;
  readonly articleId: string;
}

export type SearchingTenants = ReturnType<typeof openSearchingTenants>;

/** Tenants that write one article and search for it, with the key and the answer of each request kept. */
export function openSearchingTenants(given: {
  readonly twin: ProviderTwin;
  readonly vault: CuttableLink;
  readonly service: RunningService;
}) {
  const { twin, vault, service } = given;
  const answers: string[] = [];
  const keys: string[] = [];

  function newKey(): string {
    const key = canaryKey();
    keys.push(key);
    return key;
  }

  async function call(
    { tenant }: Pick<SearchingTenant, 'tenant'>,
    method: string,
    path: string,
    body?: unknown,
  ) {
    const answer = await service.call(tenant.keys.user, method, path, body);
    answers.push(JSON.stringify(answer.body));
    return answer;
  }

  async function write(of: Pick<SearchingTenant, 'tenant'>, title: string): Promise<string> {
    const { status, body } = await call(of, 'POST', '/articles', {
      ...{ title, body: 'Trim the wick of the lantern every evening.', category: 'playbook', force: true },
    });
    expect(status).toBe(201);
    return body.data.id;
  }

  /** Steps 1 to 3 of EmbedArticle, without the workflow. */
  async function tryToEmbed({ tenant }: Pick<SearchingTenant, 'tenant'>, articleId: string) {
    const call = await prepareCall(service, { tenantId: tenant.id, articleId });
    return call();
  }

  async function embed(of: Pick<SearchingTenant, 'tenant'>, articleId: string): Promise<void> {
    expect(await tryToEmbed(of, articleId)).toMatchObject({ kind: 'embedded' });
  }

  /** A tenant with one article that waits for its vectors. */
  async function createWithoutVectors(): Promise<SearchingTenant> {
    const key = newKey();
    const tenant = await service.createTenant(key);
    const articleId = await write({ tenant }, 'Lanterns');
    return { tenant, key, articleId };
  }

  /** A tenant with one article, embedded. */
  async function create(): Promise<SearchingTenant> {
    const created = await createWithoutVectors();
    await embed(created, created.articleId);
    return created;
  }

  const search = (of: Pick<SearchingTenant, 'tenant'>, mode: string, q = 'wick lantern') =>
    call(of, 'GET', `/knowledge/search?mode=${mode}&q=${encodeURIComponent(q)}`);
  const always = ({ key }: SearchingTenant, step: TwinStep) => twin.script(key, [], step);
  const ledgerOf = ({ tenant }: SearchingTenant) =>
    service.db.rawAsOwner(`select 1 from usage_ledger where tenant_id = $1 and source = 'search'`, [
      tenant.id,
    ]);

  return {
    ...{
      vault,
      service,
      answers,
      keys,
      newKey,
      call,
      write,
      tryToEmbed,
      embed,
      create,
      createWithoutVectors,
    },
    ...{ search, always, ledgerOf },
  };
}
