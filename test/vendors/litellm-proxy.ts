import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPortChooser } from '../../src/stack/ports.ts';
import { describeDeath, startService } from '../../src/stack/service-process.ts';

/** LiteLLM's proxy in front of one embedding server. */
export interface LitellmProxy {
  /** As a tenant sets it. */
  readonly baseUrl: string;
  readonly model: string;
  /** The only key that it knows. */
  readonly key: string;
  stop(): Promise<void>;
}

const python = join(import.meta.dirname, '..', '..', '.stack', 'litellm', 'bin', 'python');

/** Starts the proxy of `npm run test:litellm` on a free port. It has no database, and reaches nothing but the server. */
export async function startLitellmProxy(embeddingUrl: string): Promise<LitellmProxy> {
  const dir = await mkdtemp(join(tmpdir(), 'lorekeep-litellm-'));
  const model = 'local-embeddings';
  const key = 'sk-litellm-0123456789abcdef';
  const configFile = join(dir, 'config.yaml');
  const config = {
    model_list: [
      {
        model_name: model,
        litellm_params: {
          model: 'openai/multilingual-e5-small',
          api_base: embeddingUrl,
          api_key: 'none-is-needed',
        },
      },
    ],
    general_settings: { master_key: key },
  };
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(config));
  const port = await createPortChooser(() => undefined)('litellm', 0);
  const origin = `http://127.0.0.1:${port}`;
  const started = await startService(
    {
      name: 'litellm',
      executable: python,
      args: [
        ...['-c', 'from litellm import run_server; run_server()', '--config', configFile],
        ...['--host', '127.0.0.1', '--port', String(port), '--telemetry', 'False'],
      ],
      env: { HOME: dir, PATH: '/usr/bin:/bin', PYTHONNOUSERSITE: '1', LITELLM_LOCAL_MODEL_COST_MAP: 'True' },
      cwd: dir,
      isHealthy: async () => {
        const answer = await fetch(`${origin}/health/liveliness`, { signal: AbortSignal.timeout(2_000) });
        await answer.arrayBuffer();
        return answer.ok;
      },
      deadlineMs: 100_000,
      graceMs: 5_000,
    },
    { logsDir: dir, runDir: dir },
  );
  if (started.kind === 'failed') throw new Error(describeDeath(started.death));
  return {
    ...{ baseUrl: `${origin}/v1`, model, key },
    async stop() {
      await started.process.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
