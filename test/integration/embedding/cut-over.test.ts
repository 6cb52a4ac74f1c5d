import { describe, expect } from 'vitest';
import type { ProviderTarget } from '../../../src/domain/provider-target.ts';
import { createCutOver } from '../../../src/embedding/cut-over.ts';
import { building, ensureSpace, serving } from '../../../src/vectors/spaces.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices().extend('filled', ({ test, tenant }) => twoSpaces(test, tenant));

describe('a space that is filled to replace the serving one', () => {
  it('is the building one while an article waits', async ({ filled }) => {
    expect(await filled.cutOver()).toEqual({ serving: 'old', building: 'new', requests: 0 });
  });

  it('requests what is embedded in the old one, once', async ({ filled }) => {
    await filled.embedIn('old');
    expect(await filled.cutOver()).toEqual({ serving: 'old', building: 'new', requests: 1 });
    expect(await filled.cutOver()).toEqual({ serving: 'old', building: 'new', requests: 0 });
  });

  it('serves once it has every article', async ({ filled }) => {
    await filled.embedIn('new');
    expect(await filled.cutOver()).toEqual({ serving: 'new', building: undefined, requests: 0 });
  });

  it('serves at once where the old vectors are of an address to which the key does not go any more', async ({
    test,
    tenant,
  }) => {
    const former = targetOf('old', { vendor: 'custom', baseUrl: 'https://former.example/v1' });
    const { cutOver } = await twoSpaces(test, tenant, former);
    expect(await cutOver()).toEqual({ serving: 'new', building: undefined, requests: 0 });
  });
});

/** A tenant with an article, a space that serves, and one of another model. */
async function twoSpaces(test: TestServices, tenant: TestTenant, oldTarget = targetOf('old')) {
  const { database } = test.services;
  const { articleId } = await createArticle(test, tenant);
  const spaceOf = (target: ProviderTarget) =>
    database.withTenant(tenant.id, (tx) => ensureSpace(tx, tenant.id, { target, chunkerVersion: 1 }, 2));
  const old = await spaceOf(oldTarget);
  const next = await spaceOf(targetOf('new'));
  const spaces = { old: old.id, new: next.id };
  return {
    embedIn: (space: keyof typeof spaces) =>
      test.db.rawAsOwner(
        "update article_embeddings set status = 'embedded', space_id = $2 where article_id = $1",
        [articleId, spaces[space]],
      ),
    /** The models of the spaces after a look at the cut-over, and how often it has requested the backlog. */
    cutOver: () =>
      database.withTenant(tenant.id, async (tx) => {
        let requests = 0;
        const cutOverWhenComplete = createCutOver({
          outbox: {
            async enqueue() {
              requests += 1;
            },
          },
        });
        await cutOverWhenComplete(tx, tenant.id, next);
        return {
          serving: (await serving(tx, tenant.id))?.target.model,
          building: (await building(tx, tenant.id))?.target.model,
          requests,
        };
      }),
  };
}
