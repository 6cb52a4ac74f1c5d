import type { Logger } from '../platform/telemetry/logging.ts';

/** How much of each kind of work was still under way when its time was over. */
export type CutOff = Readonly<Record<string, number>>;

export interface Shutdown {
  readonly log: Logger;
  /** The process ends within this, whatever is under way. */
  readonly withinMs: number;
  /** Lets go of everything, each part within a bound of its own. */
  close(): Promise<CutOff>;
}

/** Runs `close` once, at the first SIGTERM or SIGINT, and exits: 0 when it ended, with what it cut off in the log. */
export function onShutdown({ log, withinMs, close }: Shutdown): void {
  let closing = false;
  const shutDown = async (signal: NodeJS.Signals) => {
    if (closing) return;
    closing = true;
    log.info({ signal }, 'shutting down');
    setTimeout(() => {
      log.error({ within_ms: withinMs }, 'could not shut down in time');
      process.exit(1);
    }, withinMs);
    try {
      const cutOff = Object.fromEntries(Object.entries(await close()).filter(([, count]) => count > 0));
      if (Object.keys(cutOff).length > 0) log.warn({ cut_off: cutOff }, 'work was cut off');
      log.info('shut down');
      process.exit(0);
    } catch (error) {
      log.error({ error }, 'the shutdown failed');
      process.exit(1);
    }
  };
  process.on('SIGTERM', shutDown);
  process.on('SIGINT', shutDown);
}
