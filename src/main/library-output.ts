import { closeLibraryOutput } from '../platform/telemetry/library-output.ts';
import type { Logger } from '../platform/telemetry/logging.ts';

// The first import of every process: it is evaluated before any library is loaded.
const output = closeLibraryOutput(process.env, process.execArgv);

/**
 * Logs which debugging switches have no effect, and from now on the warnings of Node.js and the error of a crash. Node.js
 * would print the error with its fields, among them a request's headers and body.
 */
export function reportLibraryOutput(log: Logger): void {
  if (output.ignored.length > 0)
    log.warn(
      { ignored: output.ignored },
      'debugging switches are ignored: what libraries print can hold keys and texts',
    );
  output.onDropped(() => log.warn('a library wrote to the console, and its words were dropped'));
  process.removeAllListeners('warning');
  process.on('warning', (error) => log.warn({ error }, 'Node.js has warned'));
  process.on('uncaughtException', (error) => {
    log.fatal({ error }, 'the process has crashed');
    process.exit(1);
  });
}
