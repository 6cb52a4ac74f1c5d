import { WebSocket } from 'undici';
import { z } from 'zod';

const target = z.tuple([z.object({ webSocketDebuggerUrl: z.string() })]).rest(z.unknown());
const message = z.object({ id: z.number().optional(), result: z.unknown(), error: z.unknown() }).partial();

/** A process of Node.js that is asked by the protocol of its inspector. */
export interface Inspector {
  ask(method: string, params?: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): void;
}

/** Connects to the inspector that listens on this port of the loopback address. */
export async function connectInspector(port: number): Promise<Inspector> {
  const list = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [{ webSocketDebuggerUrl }] = target.parse(await list.json());
  const socket = new WebSocket(webSocketDebuggerUrl);
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let count = 0;
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error('the inspector refuses the connection')), {
      once: true,
    });
  });
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = message.parse(JSON.parse(String(data)));
    if (id === undefined) return;
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(JSON.stringify(error)));
  });
  return {
    ask: (method, params = {}) =>
      new Promise((resolve, reject) => {
        count += 1;
        waiting.set(count, { resolve, reject });
        socket.send(JSON.stringify({ id: count, method, params }));
      }),
    close: () => socket.close(),
  };
}
