import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { listFoundBodies } from '../../../src/knowledge/context-read-model.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { insertTenant } from '../../support/tenant-row.ts';

const it = factsOfDatabase()
  .extend('tenantId', { scope: 'file' }, ({ db }) => insertTenant(db))
  .extend('find', ({ db, tenantId }) => (body: string, passage: string | null, status = 'published') => {
    const id = randomUUID();
    return db.database.withTenant(tenantId, async (tx) => {
      await tx('articles').insert({
        ...{ tenant_id: tenantId, id, title: 'T', body, category: 'idea', status, content_hash: id },
      });
      return (await listFoundBodies(tx, tenantId, [{ id, passage }])).get(id);
    });
  });

describe('the body of a hit', () => {
  it('is as long as its characters, and has its passage where that begins', async ({ find }) => {
    expect(await find('知🦉知 a passage', 'a passage')).toEqual({ length: 13, at: 4 });
    expect(await find('知'.repeat(100), null)).toEqual({ length: 100, at: null });
    expect(await find('', 'a passage')).toEqual({ length: 0, at: null });
  });

  it('has a passage where its longest line is, if the rest differs', async ({ find }) => {
    expect(await find('One.\r\n\r\nThe second.\r\nThird.', 'Title\n\nOne.\n\nThe second.\nThird.')).toEqual({
      length: 27,
      at: 8,
    });
    expect(await find('One.', 'Another text.\nOf two lines.')).toEqual({ length: 4, at: null });
  });

  it('is not found of an article that is not published', async ({ find }) => {
    expect(await find('A body.', null, 'draft')).toBeUndefined();
  });
});
