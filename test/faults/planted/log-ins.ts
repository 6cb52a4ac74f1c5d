import type { PlantedFault } from './planted-fault.ts';

const holders = ['test/unit/tenants/remembered-holders.test.ts'];
const keys = ['test/integration/tenants/remembered-keys.test.ts'];

/** Faults by which a key that was revoked, or has expired, would go on working. */
export const logInsFaults: readonly PlantedFault[] = [
  {
    file: 'src/tenants/remembered-holders.ts',
    find: 'if (!isAnnounced || changes !== before) return;',
    replace: 'if (!isAnnounced) return;',
    why: 'a row that was read before a revocation is remembered after it',
    tests: holders,
  },
  {
    file: 'src/tenants/remembered-holders.ts',
    find: 'if (!isAnnounced || changes !== before) return;',
    replace: 'if (changes !== before) return;',
    why: 'holders are remembered while changes may be missed',
    tests: holders,
  },
  {
    file: 'src/tenants/remembered-holders.ts',
    find: 'found === undefined || found.expiresAtMs <= performance.now() ? undefined : found.holder',
    replace: 'found?.holder',
    why: 'a remembered key works after it has expired',
    tests: holders,
  },
  {
    file: 'src/tenants/remembered-holders.ts',
    find: '      holders.clear();\n',
    replace: '',
    why: 'what was remembered before a silence is used again after it',
    tests: holders,
  },
  {
    file: 'src/tenants/service.ts',
    find: '        tx.afterCommit(() => keyChanged(keyId));\n',
    replace: '',
    why: 'the process that revokes a key goes on taking it',
    tests: keys,
  },
  {
    file: 'src/platform/postgres/listener.ts',
    find: 'if (!isDown) options.onDown();',
    replace: '',
    why: 'a lost connection is not noticed',
    tests: keys,
  },
  {
    file: 'src/platform/postgres/listener.ts',
    find: '        expectAnswer();\n        return client.query(',
    replace: '        return client.query(',
    why: 'a server that says nothing after the login is waited for without end',
    tests: ['test/unit/platform/listener.test.ts'],
  },
];
