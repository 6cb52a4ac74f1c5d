import type { PlantedFault } from './planted-fault.ts';

const guard = ['test/integration/providers/guard.test.ts'];
const keys = ['test/api/providers/refused-keys.test.ts'];
const retries = ['test/api/embedding/retry-all.test.ts'];

/** Faults in what a refusal does to a key and shows of itself, and in the retry of what it has stopped. */
export const refusedKeysFaults: readonly PlantedFault[] = [
  {
    file: 'src/domain/failures.ts',
    find: "keyRejections = ['credential_rejected', 'permission_denied']",
    replace: "keyRejections = ['credential_rejected']",
    why: 'a key without a permission is called with again and again',
    tests: guard,
  },
  {
    file: 'src/providers/admission.ts',
    find: "{ kind: 'rejected', key, code: key.rejection }",
    replace: "{ kind: 'rejected', key, code: 'credential_rejected' }",
    why: 'a denied permission is shown as a rejected key',
    tests: guard,
  },
  {
    file: 'src/audit/routes.ts',
    find: ', ...(isFailureCode(row.details.code) ? guidanceOf(row.details.code) : {})',
    replace: '',
    why: 'the audit log does not say who acts',
    tests: keys,
  },
  {
    file: 'src/articles/presentation.ts',
    find: '      ...guidanceOf(embedding.reason),\n',
    replace: '      who: null,\n      next_step: null,\n',
    why: 'an article does not say who acts',
    tests: keys,
  },
  {
    file: 'src/embedding/retry/retry-store.ts',
    find: '          and (:reason::text is null or reason = :reason)\n',
    replace: '          and (:reason::text is null or true)\n',
    why: 'articles of another reason are tried again, too',
    tests: retries,
  },
  {
    file: 'src/embedding/retry/retry-store.ts',
    find: 'api_key_id = :apiKeyId, ',
    replace: '',
    why: 'a retry of all is charged to the authors',
    tests: retries,
  },
  {
    file: 'src/embedding/retry/retry-all.ts',
    find: 'more: ids.length === pageSize }',
    replace: 'more: false }',
    why: 'a retry ends after one page',
    tests: retries,
  },
];
