import { type Listener, startListener } from '../platform/postgres/listener.ts';

/** What a process does with the changes of API keys that it hears of. */
export interface KeyChangeListener {
  /** The key has changed, and the change is committed. */
  forget(keyId: string): void;
  /** From now on every change is announced. */
  resume(): void;
  /** Changes may be missed from now on, or may have been for the last seconds. */
  suspend(): void;
}

/** The changes of API keys, of all tenants and by all processes. */
export interface KeyChanges {
  /** Announces them to the listener. Calls after the first do nothing. */
  listen(to: KeyChangeListener): void;
  close(): void;
}

export interface KeyChangesOptions {
  readonly url: string;
  readonly applicationName: string;
  /** Called when the announcements are lost; they are looked for again. */
  readonly onLost?: () => void;
}

/** The trigger of the table sends here, with the id of the key. */
const channel = 'api_key_changed';

/** Creates the announcements of one process. They take one connection beside the pool, from the first listener on. */
export function createKeyChanges(options: KeyChangesOptions): KeyChanges {
  let listener: Listener | undefined;
  let closed = false;
  return {
    listen(to) {
      if (closed) return;
      listener ??= startListener({
        ...{ url: options.url, applicationName: options.applicationName, channel },
        onNotification: to.forget,
        onUp: to.resume,
        onDown() {
          to.suspend();
          if (!closed) options.onLost?.();
        },
      });
    },
    close() {
      closed = true;
      listener?.close();
    },
  };
}
