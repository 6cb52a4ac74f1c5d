import { connect } from 'node:net';

/** The backend of a connection, and the secret that allows to cancel its statement. */
export interface Backend {
  readonly host: string;
  readonly port: number;
  readonly processId: number;
  readonly secretKey: number;
}

const cancelRequestCode = 80_877_102;
/** The server closes at once. Without that nobody knows which statement the request will meet. */
const timeoutMs = 2_000;

/**
 * Asks the server to cancel the statement under way. Answers whether it has taken the request: it closes the connection then,
 * and no later statement can be met by it. Sent in plain, as the server takes it on every port; the secret serves to cancel alone.
 */
export function cancelStatement({ host, port, processId, secretKey }: Backend): Promise<boolean> {
  const message = Buffer.alloc(16);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(cancelRequestCode, 4);
  message.writeInt32BE(processId, 8);
  message.writeInt32BE(secretKey, 12);
  return new Promise((resolve) => {
    const socket = host.startsWith('/')
      ? connect({ path: `${host}/.s.PGSQL.${port}` })
      : connect({ host, port });
    let failed = false;
    const fail = () => {
      failed = true;
      socket.destroy();
    };
    const timer = setTimeout(fail, timeoutMs);
    socket.once('connect', () => socket.write(message));
    socket.once('error', fail);
    // Read to its end: a socket that nobody reads is never closed.
    socket.resume();
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(!failed);
    });
  });
}
