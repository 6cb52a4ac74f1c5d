import type { PlantedFault } from './planted-fault.ts';

const policy = ['test/unit/platform/net/address-policy.test.ts'];
const check = ['test/unit/platform/net/address-check.test.ts'];
const connections = ['test/unit/platform/net/connections.test.ts'];
const cause = ['test/unit/platform/net/transport-cause.test.ts'];
const stale = ['test/unit/providers/stale-connection.test.ts'];
const forbidden = ['test/integration/providers/forbidden-address.test.ts'];
const reported = ['test/integration/providers/reported-failures.test.ts'];

/** Faults in the connections to addresses that tenants choose, and in what operators see of failed ones. */
export const netFaults: readonly PlantedFault[] = [
  {
    file: 'src/platform/net/address-policy.ts',
    find: ' && address.match(globalUnicast, globalUnicastBits)',
    replace: '',
    why: 'a v4 address inside a v6 one is public',
    tests: policy,
  },
  {
    file: 'src/platform/net/address-policy.ts',
    find: ' && !cloudAddresses.has(ip)',
    replace: '',
    why: 'the address of a cloud for its own services is public',
    tests: policy,
  },
  {
    file: 'src/platform/net/address-check.ts',
    find: 'addresses.every(isPublicAddress)',
    replace: 'addresses.some(isPublicAddress)',
    why: 'one public address of a name is enough when it is set',
    tests: check,
  },
  {
    file: 'src/platform/net/checked-connector.ts',
    find: '!found.every(isAllowed)',
    replace: '!found.some(isAllowed)',
    why: 'one public address of a name is enough for a connection',
    tests: connections,
  },
  {
    file: 'src/platform/net/checked-connector.ts',
    find: "(host.kind === 'address' && deps.isAllowed(host.ip))",
    replace: "host.kind === 'address'",
    why: 'an address that needs no lookup is not checked',
    tests: connections,
  },
  {
    file: 'src/platform/net/checked-connector.ts',
    find: "options.protocol === 'https:' &&",
    replace: '',
    why: 'a tenant’s key goes over a connection without TLS',
    tests: connections,
  },
  {
    file: 'src/platform/net/checked-connector.ts',
    find: '{ ...deps.options, lookup: createCheckedLookup(deps) }',
    replace: 'deps.options',
    why: 'the connection looks the name up again, and is not checked',
    tests: connections,
  },
  {
    file: 'src/platform/net/transport-cause.ts',
    find: 'return transportCauses.find((cause) => found.has(cause))',
    replace: 'return [...found].find((cause) => cause !== undefined)',
    why: 'a machine without IPv6 finds every host unreachable',
    tests: cause,
  },
  {
    file: 'src/platform/net/errors-within.ts',
    find: "waiting.push(read(error, 'cause'), ...listOf(read(error, 'errors')));",
    replace: "waiting.push(read(error, 'cause'));",
    why: 'the causes of several addresses are not looked at',
    tests: cause,
  },
  {
    file: 'src/platform/net/watch-connection.ts',
    find: 'connection?.servedBefore === true && ',
    replace: 'connection !== undefined && ',
    why: 'a request is sent twice over new connections',
    tests: stale,
  },
  {
    file: 'src/platform/net/watch-connection.ts',
    find: ' && connection.socket.bytesRead === connection.bytesReadBefore',
    replace: '',
    why: 'a request is sent again after a part of its answer',
    tests: stale,
  },
  {
    file: 'src/providers/wire/bounded-fetch.ts',
    find: "return send('fresh');",
    replace: "return send('kept');",
    why: 'the second try takes another stale connection',
    tests: stale,
  },
  {
    file: 'src/platform/net/resolve-name.ts',
    find: 'await withTimeout(Promise.allSettled(families), otherFamilyMs, undefined)',
    replace: 'await Promise.allSettled(families)',
    why: 'a search waits for a question to which the name server never answers',
    tests: ['test/unit/platform/net/resolve-name.test.ts'],
  },
  {
    file: 'src/platform/net/one-request.ts',
    find: 'if (sent) throw new Misdirected();',
    replace: '',
    why: 'a misdirected request is sent twice, and nobody sees the second one',
    tests: ['test/unit/providers/bounded-fetch.test.ts'],
  },
  {
    file: 'src/platform/net/checked-connector.ts',
    find: 'addresses.slice(0, mostAddresses)',
    replace: 'addresses',
    why: 'one call connects to as many addresses as the owner of a name likes',
    tests: connections,
  },
  {
    file: 'src/providers/wire/provider-connections.ts',
    find: "isOperatorsOwn(target) || providerUrls === 'any'",
    replace: "providerUrls !== 'listed'",
    why: 'a tenant’s address is not checked',
    tests: forbidden,
  },
  {
    file: 'src/providers/verdict-on.ts',
    find: "answer.code === 'internal' || answer.code === 'address_forbidden'",
    replace: "answer.code === 'internal'",
    why: 'a call that was not made says that the provider is well',
    tests: forbidden,
  },
  {
    file: 'src/providers/reported-guard.ts',
    find: 'if (cause === undefined) return;',
    replace: 'if (cause !== undefined) return;',
    why: 'the cause of a failed connection is not counted',
    tests: reported,
  },
];
