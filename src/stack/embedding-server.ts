import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ServiceContext } from './service-context.ts';

const preferredPort = 8300;

/**
 * Starts the local OpenAI-compatible embedding server, its model inside. Answers its base URL, `…/v1`.
 * It computes one request at a time, on `threads` threads. Throws in words when it cannot start.
 */
export async function startEmbeddingServer(
  context: ServiceContext,
  threads = Math.min(4, availableParallelism()),
): Promise<string> {
  let origin = '';
  await context.startOnPorts(async () => {
    const port = await context.choosePort(
      'the embedding server',
      context.mode === 'persistent' ? preferredPort : 0,
    );
    origin = `http://127.0.0.1:${port}`;
    return {
      name: 'embedding-server',
      executable: context.venv.python,
      args: [
        ...[join(import.meta.dirname, 'embedding-server.py'), '--host', '127.0.0.1', '--port', String(port)],
        ...['--threads', String(threads), '--default-type', 'passage'],
      ],
      env: {
        HOME: join(context.dir),
        PATH: '/usr/bin:/bin',
        PYTHONNOUSERSITE: '1',
        // By default idle OpenMP threads spin, and take the cores from the services beside it.
        OMP_WAIT_POLICY: 'passive',
      },
      cwd: context.dir,
      isHealthy: async () => {
        const response = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(2_000) });
        await response.arrayBuffer();
        return response.ok;
      },
      deadlineMs: 90_000,
      // It holds nothing and does not finish what it computes: no need to wait for it.
      graceMs: 3_000,
    };
  });
  return `${origin}/v1`;
}
