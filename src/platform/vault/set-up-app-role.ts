import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import type { SetUpSteps } from './set-up-steps.ts';
import { transitPolicyName } from './set-up-transit.ts';

const rolePath = 'auth/approle/role/lorekeep';

const roleIdBody = z.object({ data: z.object({ role_id: z.string() }) });
const secretIdBody = z.object({ data: z.object({ secret_id: z.string() }) });
const storedCredentials = z.object({
  VAULT_ROLE_ID: z.string().min(1),
  VAULT_SECRET_ID: z.string().min(1),
});

/** Enables AppRole and writes the application's role, which has the transit policy and nothing else. Safe to repeat. */
export async function setUpAppRole(steps: SetUpSteps): Promise<void> {
  if (!(await steps.exists('look for AppRole', 'sys/auth/approle'))) {
    await steps.write('enable AppRole', 'sys/auth/approle', { type: 'approle' });
  }
  await steps.write('write the role', rolePath, {
    token_policies: transitPolicyName,
    // A short life limits the use of a leaked token. The processes log in again by themselves.
    token_ttl: '20m',
    token_max_ttl: '4h',
  });
}

/** Writes the role's credentials to a file of mode 0600, unless the file holds credentials that still log in. */
export async function issueCredentials(steps: SetUpSteps, file: string): Promise<'kept' | 'issued'> {
  const { data: role } = await steps.read('read the role id', `${rolePath}/role-id`, roleIdBody);
  const stored = storedCredentials.safeParse(
    existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : undefined,
  );
  if (stored.success && stored.data.VAULT_ROLE_ID === role.role_id) {
    const credentials = { role_id: role.role_id, secret_id: stored.data.VAULT_SECRET_ID };
    if (await steps.accepts('try the stored credentials', 'auth/approle/login', credentials)) return 'kept';
  }
  const { data } = await steps.issue('issue a secret id', `${rolePath}/secret-id`, {}, secretIdBody);
  // Written to a second file and renamed, so that a crash leaves either the old file or the new one.
  const lines = `VAULT_ROLE_ID=${role.role_id}\nVAULT_SECRET_ID=${data.secret_id}\n`;
  writeFileSync(`${file}.new`, lines, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return 'issued';
}
