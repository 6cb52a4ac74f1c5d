import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { Socket } from 'node:net';
import { z } from 'zod';

/** What `net.connect` and `tls.connect` hand to the socket. */
const targetSchema = z.object({
  host: z.string(),
  lookup: z.custom<typeof systemLookup>((value) => typeof value === 'function').optional(),
});

export interface WatchedConnections {
  /** The addresses that connections would have gone to. */
  readonly addresses: () => readonly string[];
  stop(): void;
}

/**
 * Stands in front of every connection of this process: it looks names up as the socket would, writes the addresses down and
 * connects to none of them.
 */
export function watchConnections(): WatchedConnections {
  const addresses: string[] = [];
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    const { host, lookup } = targetSchema.parse(args.flat()[0]);
    const refuse = (error: Error) => void this.destroy(error);
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    if (/^[\d.]+$|:/.test(host)) {
      addresses.push(host);
      queueMicrotask(() => refuse(refused));
    } else {
      (lookup ?? systemLookup)(host, { all: true }, (error, found: string | readonly LookupAddress[]) => {
        for (const each of typeof found === 'string' ? [found] : found) addresses.push(addressOf(each));
        refuse(error ?? refused);
      });
    }
    return this;
  };
  return {
    addresses: () => addresses,
    stop() {
      Socket.prototype.connect = connect;
    },
  };
}

const addressOf = (found: string | LookupAddress) => (typeof found === 'string' ? found : found.address);
