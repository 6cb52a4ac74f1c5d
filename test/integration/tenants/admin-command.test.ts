import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createAudit } from '../../../src/audit/service.ts';
import { createTenants } from '../../../src/tenants/service.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';

const test = factsOfDatabase().extend('tenants', { scope: 'file' }, ({ db }, { onCleanup }) => {
  const tenants = createTenants({ database: db.database, audit: createAudit({ database: db.database }) });
  onCleanup(async () => {
    await tenants.settled();
  });
  return tenants;
});

test('prints the tenant and its keys as JSON and nothing else; then its slug is taken', async ({
  db,
  tenants,
}) => {
  const slug = `t-${randomUUID()}`;
  const args = ['create-tenant', '--slug', slug, '--name', 'Acme & Co'];
  // With a login that row-level security binds, as it does an owner who is no superuser.
  const { code, stdout, stderr } = await admin(args, db.applicationUrl);
  expect([code, stderr]).toEqual([0, '']);
  const printed = JSON.parse(stdout);
  expect(printed).toEqual({
    tenant: { id: expect.any(String), slug, name: 'Acme & Co' },
    keys: { agent: expect.any(String), orchestrator: expect.any(String), user: expect.any(String) },
  });
  for (const role of ['agent', 'orchestrator', 'user']) {
    expect(await tenants.authenticate(printed.keys[role])).toMatchObject({
      tenantId: printed.tenant.id,
      role,
    });
  }

  const again = await admin(args, db.ownerUrl);
  expect([again.code, again.stdout]).toEqual([1, '']);
  expect(again.stderr).toContain(`${slug} is taken`);
});

test('names every option that it cannot take', async ({ db }) => {
  const { code, stdout, stderr } = await admin(
    ['create-tenant', '--slug', 'Acme', '--name', ''],
    db.ownerUrl,
  );
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('--slug');
  expect(stderr).toContain('--name');
});

test('names an option that is missing', async ({ db }) => {
  const { code, stdout, stderr } = await admin(['create-tenant', '--name', 'x'], db.ownerUrl);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('--slug');
});

test('says that the database cannot be reached, without its password', async () => {
  const url = 'postgres://owner:secretword@127.0.0.1:9/lorekeep';
  const { code, stdout, stderr } = await admin(['create-tenant', '--slug', 'acme', '--name', 'x'], url);
  expect(code).toBe(1);
  expect(stderr).toContain('cannot be reached');
  expect(stdout + stderr).not.toContain('secretword');
});

test('names the variable that is missing', async () => {
  const { code, stderr } = await admin(['create-tenant', '--slug', 'acme', '--name', 'x'], undefined);
  expect(code).toBe(1);
  expect(stderr).toContain('DATABASE_OWNER_URL');
});

const root = join(import.meta.dirname, '..', '..', '..');

/** Runs the command. Without a URL it finds no DATABASE_OWNER_URL in its environment. */
function admin(args: readonly string[], url: string | undefined) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', './scripts/tsx.mjs', 'src/main/admin.ts', ...args],
      {
        cwd: root,
        env: { PATH: process.env.PATH, ...(url === undefined ? {} : { DATABASE_OWNER_URL: url }) },
      },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}
