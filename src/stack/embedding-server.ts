import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ServiceContext } from './service-context.ts';

const preferredPort = 8300;

/**
 * Starts the local OpenAI-compatible embedding server, which contains its model, and returns its base URL, `…/v1`.
 * It computes one request at a time, on `threads` threads. Throws with a readable message when it cannot start.
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
        // Idle OpenMP threads spin by default and take CPU time from the other services.
        OMP_WAIT_POLICY: 'passive',
      },
      cwd: context.dir,
      isHealthy: async () => {
        const response = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(2_000) });
        await response.arrayBuffer();
        return response.ok;
      },
      deadlineMs: 90_000,
      // The server has no state, and nobody waits for its answer any more.
      graceMs: 3_000,
    };
  });
  return `${origin}/v1`;
}
