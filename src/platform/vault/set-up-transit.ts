import { z } from 'zod';
import type { SetUpSteps } from './set-up-steps.ts';

export interface TransitKey {
  readonly mount: string;
  readonly key: string;
}

/** The name of the policy that lets the application use the key. */
export const transitPolicyName = 'lorekeep';

const keyBody = z.object({ data: z.object({ derived: z.boolean() }) });

/** The rights of the application: to use the key, and to have data keys made under it. It cannot read, export, rotate or delete it, nor create another one. */
const policy = ({ mount, key }: TransitKey) =>
  ['encrypt', 'decrypt', 'rewrap', 'datakey/plaintext']
    .map((use) => `path "${mount}/${use}/${key}" {\n  capabilities = ["update"]\n}\n`)
    .join('');

/**
 * Enables the transit engine, creates its key and writes the application's policy. Safe to repeat: an existing engine and
 * key stay as they are. `key_not_derived` means that a key of that name exists which is not bound to a tenant's context.
 */
export async function setUpTransit(
  steps: SetUpSteps,
  { mount, key }: TransitKey,
): Promise<'ready' | 'key_not_derived'> {
  if (!(await steps.exists('look for the transit engine', `sys/mounts/${mount}`))) {
    await steps.write('enable the transit engine', `sys/mounts/${mount}`, { type: 'transit' });
  }
  const keyPath = `${mount}/keys/${key}`;
  if (!(await steps.exists('look for the key', keyPath))) {
    await steps.write('create the key', keyPath, { type: 'aes256-gcm96', derived: true });
  }
  const { data } = await steps.read('read the key', keyPath, keyBody);
  if (!data.derived) return 'key_not_derived';
  await steps.write('write the policy', `sys/policies/acl/${transitPolicyName}`, {
    policy: policy({ mount, key }),
  });
  return 'ready';
}
