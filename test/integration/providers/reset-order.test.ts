import { expect } from 'vitest';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';

const it = factsOfServices();

// A probe that ends locks its article, then the breaker's row of workflows, then that of persons.
it('a reset holds no row of the breaker while it waits for the article of a probe that is ending', async ({
  test,
  tenant,
}) => {
  const article = await createArticle(test, tenant, { body: 'A text.' });
  await test.db.rawAsOwner(
    `update article_embeddings set status = 'pending', reason = 'circuit_open' where tenant_id = $1`,
    [tenant.id],
  );
  await test.db.rawAsOwner(
    `insert into breakers (tenant_id, provider, caller, key_version, open_until)
     select $1, 'embedding', unnest(array['background', 'interactive']), 1, now()`,
    [tenant.id],
  );
  const lockBreaker = (caller: string) =>
    test.db.rawAsOwner('select 1 from breakers where tenant_id = $1 and caller = $2 for update nowait', [
      ...[tenant.id, caller],
    ]);

  const probe = await holdTransaction(test.services.database, tenant.id, (tx) =>
    tx('article_embeddings').where({ article_id: article.articleId }).forUpdate().first('article_id'),
  );
  const reset = test.services.providerStates.reset(tenant.actor, 'embedding');
  expect(await untilWaiting(test.db, reset)).toBe('waits');
  expect(await lockBreaker('background')).toHaveLength(1);
  expect(await lockBreaker('interactive')).toHaveLength(1);
  await probe.commit();
  expect(await reset).toMatchObject({ state: 'closed' });
});

it('a reset takes the rows of the breaker in the order of a probe', async ({ test, tenant }) => {
  await test.db.rawAsOwner(
    `insert into breakers (tenant_id, provider, caller, key_version, open_until)
     select $1, 'embedding', unnest(array['background', 'interactive']), 1, now()`,
    [tenant.id],
  );
  const probe = await holdTransaction(test.services.database, tenant.id, (tx) =>
    tx('breakers').where({ tenant_id: tenant.id, caller: 'background' }).forUpdate().first('caller'),
  );
  const reset = test.services.providerStates.reset(tenant.actor, 'embedding');
  expect(await untilWaiting(test.db, reset)).toBe('waits');
  expect(
    await test.db.rawAsOwner(
      `select 1 from breakers where tenant_id = $1 and caller = 'interactive' for update nowait`,
      [tenant.id],
    ),
  ).toHaveLength(1);
  await probe.commit();
  await reset;
});
