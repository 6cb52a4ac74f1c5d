import type { Logger } from '../platform/telemetry/logging.ts';

/** Runs `close` at the first SIGTERM or SIGINT, and exits: with 0 after an orderly end, else with 1. */
export function onShutdown(log: Logger, close: () => Promise<void>): void {
  let closing = false;
  const shutDown = async (signal: NodeJS.Signals) => {
    if (closing) return;
    closing = true;
    log.info({ signal }, 'shutting down');
    try {
      await close();
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
