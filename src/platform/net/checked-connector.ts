import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { AddressForbidden } from './address-forbidden.ts';
import { readHost } from './read-host.ts';
import type { ResolveName } from './resolve-name.ts';

export interface CheckedConnectorDeps {
  readonly resolve: ResolveName;
  /** Whether a connection may be made to this address. */
  readonly isAllowed: (ip: string) => boolean;
  /** `https:` alone where the requests carry a key, which could be read on its way. */
  readonly protocols: readonly ('https:' | 'http:')[];
  /** Options of every connection, such as the authorities that it trusts. */
  readonly options: buildConnector.BuildOptions;
}

/**
 * Creates a connector that checks each connection before it is opened. A name is looked up once for the connection, every address
 * of it is checked, and the connection goes to these addresses and no other, so that a name that changes in between gains nothing.
 * TLS and the `Host` header keep the name.
 */
export function createCheckedConnector(deps: CheckedConnectorDeps): buildConnector.connector {
  const connect = buildConnector({ ...deps.options, lookup: createCheckedLookup(deps) });
  return (options, callback) => {
    // `net.connect` looks only names up.
    const host = readHost(options.hostname);
    const allowed =
      deps.protocols.some((protocol) => protocol === options.protocol) &&
      (host.kind === 'name' || (host.kind === 'address' && deps.isAllowed(host.ip)));
    if (allowed) connect(options, callback);
    else queueMicrotask(() => callback(new AddressForbidden(), null));
  };
}

/** The most addresses of a name that are tried for one connection: its owner could name those of others by the thousand. */
const mostAddresses = 8;

/** A lookup for `net.connect`. It answers the addresses of the name, or fails if one of them all is not allowed. */
function createCheckedLookup({ resolve, isAllowed }: CheckedConnectorDeps): LookupFunction {
  return (name, { all }, callback) => {
    resolve(name).then(
      (found) => {
        const addresses = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
        const [first] = addresses;
        if (first === undefined) callback(notFound(), []);
        else if (!found.every(isAllowed)) callback(new AddressForbidden(), []);
        else if (all) callback(null, addresses.slice(0, mostAddresses));
        else callback(null, first.address, first.family);
      },
      () => callback(notFound(), []),
    );
  };
}

/** In place of the resolver's error, which names the host, and whose code may be that of a name server's connection. */
const notFound = () => Object.assign(new Error('name not found'), { code: 'ENOTFOUND' });
