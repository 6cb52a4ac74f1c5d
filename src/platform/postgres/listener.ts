import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface ListenerOptions {
  readonly url: string;
  readonly applicationName: string;
  /** The channel of the notifications. */
  readonly channel: string;
  /** A notification came. */
  onNotification(payload: string): void;
  /** From now on every notification of a later commit comes. */
  onUp(): void;
  /**
   * Notifications may be lost from now on, and some may have been since the last sign of life; or the listener has failed to come
   * up. Called once until it is up again.
   */
  onDown(): void;
  /** How often the connection is tried, and how long an answer may take; by default 1 s each. */
  readonly beatMs?: number;
}

/** A connection of its own that listens to the notifications of one channel. */
export interface Listener {
  close(): void;
}

/** Often enough that a dead connection is noticed within two seconds, and rare enough to cost nothing. */
const defaultBeatMs = 1_000;

/**
 * Listens on a connection that proves itself: every beat is a notification to itself, so that a connection that is half open, or a
 * pooler that hands the session to others, is noticed within two beats. Until the first beat is back the listener is down. It connects
 * again whenever the connection is lost.
 */
export function startListener(options: ListenerOptions): Listener {
  const { channel, beatMs = defaultBeatMs } = options;
  let drop: (() => void) | undefined;
  let closed = false;
  let isDown = false;
  let retry: NodeJS.Timeout | undefined;

  const connect = () => {
    const client = new pg.Client({
      connectionString: options.url,
      application_name: options.applicationName,
      connectionTimeoutMillis: beatMs * 4,
    });
    // A channel that no other process has: the beats of others would prove nothing.
    const own = `beat_${randomBytes(12).toString('hex')}`;
    let isUp = false;
    /** Counts what is waited for, so that a late timer does not meet the next. */
    let awaited = 0;
    let ended = false;
    let timer: NodeJS.Timeout | undefined;

    const end = () => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      // Also where it never came up: behind a pooler that shares sessions nothing else would tell.
      if (!isDown) options.onDown();
      isDown = true;
      client.connection.stream.destroy();
      if (!closed) retry = setTimeout(connect, beatMs);
    };
    const expectAnswer = () => {
      awaited += 1;
      const asked = awaited;
      clearTimeout(timer);
      // After the sockets were read: the answer may have arrived while this process was busy.
      timer = setTimeout(() => void setImmediate(() => (asked === awaited ? end() : undefined)), beatMs);
    };
    const beat = () => {
      expectAnswer();
      client.query(`notify ${own}`).catch(end);
    };
    const beatIsBack = () => {
      clearTimeout(timer);
      if (ended) return;
      awaited += 1;
      timer = setTimeout(beat, beatMs);
      if (isUp) return;
      isUp = true;
      isDown = false;
      options.onUp();
    };

    drop = end;
    client.on('error', end);
    client.on('end', end);
    client.on('notification', ({ channel: from, payload = '' }) => {
      if (from === own) beatIsBack();
      else if (!ended) options.onNotification(payload);
    });
    client
      .connect()
      .then(() => {
        // The server may have fallen silent since it took the connection.
        expectAnswer();
        return client.query(`listen ${client.escapeIdentifier(channel)}; listen ${own}`);
      })
      .then(beat)
      .catch(end);
  };

  connect();
  return {
    close() {
      closed = true;
      clearTimeout(retry);
      drop?.();
    },
  };
}
