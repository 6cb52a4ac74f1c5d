import { Agent, type Dispatcher } from 'undici';
import { isPublicAddress } from './address-policy.ts';
import { createCheckedConnector } from './checked-connector.ts';
import type { ResolveName } from './resolve-name.ts';

/**
 * The addresses that a request may go to: `public` for one that a tenant chose, with https only, and `any` for one that the
 * operator chose.
 */
export type AllowedAddresses = 'public' | 'any';

/** Whether a connection may have served before and is kept afterwards, or is made for one request. */
export type ConnectionUse = 'kept' | 'fresh';

/** The connections of a process to servers outside. */
export interface Connections {
  /** The dispatcher to give to undici's `fetch`. Neither kind follows a redirect by itself. */
  dispatcher(addresses: AllowedAddresses, use: ConnectionUse): Dispatcher;
}

export interface ConnectionsDeps {
  /** Looks up the names that must be public. The others go by the machine's own resolver and hosts file. */
  readonly resolve: ResolveName;
  /** By default every public address. */
  readonly isAllowed?: (ip: string) => boolean;
  /** The certificate authorities to trust, by default those of Node.js. */
  readonly authorities?: readonly string[];
}

/**
 * An idle connection is kept this long, or as long as the server says, up to the second. Searches of a tenant come minutes apart,
 * and each connection that is kept takes a socket, so a longer time gains little.
 */
const keepAliveTimeout = 10_000;
const keepAliveMaxTimeout = 60_000;

/**
 * Requests end by their own signals, which may be later than the library's times. Each host has connections of its own, one for
 * each request under way: a slow host holds up no other, and their number is that of the calls, which the shares of the process
 * bound. A queue in front of them would cost a caller its time for nothing.
 */
const common = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout, keepAliveMaxTimeout };

/** Creates the connections. None is opened before it is needed. */
export function createConnections(deps: ConnectionsDeps): Connections {
  const { resolve, isAllowed = isPublicAddress, authorities } = deps;
  const options = authorities === undefined ? {} : { ca: [...authorities] };
  const checked = createCheckedConnector({ resolve, isAllowed, protocols: ['https:'], options });
  const connectors = { public: checked, any: options };
  const agents = (connect: NonNullable<Agent.Options['connect']>) => ({
    kept: new Agent({ ...common, connect }),
    // No pipelining means that a connection is closed after its one request.
    fresh: new Agent({ ...common, connect, pipelining: 0 }),
  });
  const dispatchers = { public: agents(connectors.public), any: agents(connectors.any) };
  return { dispatcher: (addresses, use) => dispatchers[addresses][use] };
}
