import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { z } from 'zod';

/** The connection that a request went over; nothing before its first byte was written. */
interface WatchedRequest {
  connection?: { readonly socket: Socket; readonly servedBefore: boolean; readonly bytesReadBefore: number };
}

/** The request under way. A scope and not a parameter: undici announces its requests on channels, with objects of its own. */
const underWay = new AsyncLocalStorage<WatchedRequest>();
const requests = new WeakMap<object, WatchedRequest>();
const served = new WeakSet<Socket>();

const createdSchema = z.object({
  request: z.custom<object>((value) => typeof value === 'object' && value !== null),
});
const sendingSchema = createdSchema.extend({ socket: z.instanceof(Socket) });

subscribe('undici:request:create', (message) => {
  const watched = underWay.getStore();
  if (watched !== undefined) requests.set(createdSchema.parse(message).request, watched);
});
subscribe('undici:client:sendHeaders', (message) => {
  const { data } = sendingSchema.safeParse(message);
  if (data === undefined) return;
  const { request, socket } = data;
  const watched = requests.get(request);
  if (watched !== undefined)
    watched.connection = { socket, servedBefore: served.has(socket), bytesReadBefore: socket.bytesRead };
  served.add(socket);
});

/**
 * Makes one request, which can ask whether the connection was stale: it had served an earlier request, and not one byte of an
 * answer to this one has come.
 */
export function watchConnection<T>(make: (wasStale: () => boolean) => Promise<T>): Promise<T> {
  const watched: WatchedRequest = {};
  const wasStale = () => {
    const { connection } = watched;
    return connection?.servedBefore === true && connection.socket.bytesRead === connection.bytesReadBefore;
  };
  return underWay.run(watched, () => make(wasStale));
}
