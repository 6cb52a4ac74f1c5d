import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { searchAttributes } from '../domain/temporal-names.ts';
import type { ServiceContext } from './service-context.ts';

export interface Temporal {
  readonly address: string;
  readonly uiUrl: string | undefined;
}

const attributeNames = Object.values(searchAttributes);
const namespace = 'default';
const preferredPort = 7233;
const preferredUiPort = 8233;

/**
 * The development server has one shard and polls its queues at most 20 times a second by default, which costs 50 ms for
 * each step of a workflow. With fairness, the backlog of one tenant does not delay the edits of another.
 */
const dynamicConfig = {
  'history.transferProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxPollRPS': 2000,
  'matching.enableFairness': true,
};

/** With WAL and synchronous=NORMAL nothing is lost when the process is killed. */
const pragmas = ['journal_mode=WAL', 'synchronous=NORMAL'];

/** Starts Temporal's development server; a persistent one has a UI and a database file. Throws with a readable message. */
export async function startTemporal(context: ServiceContext): Promise<Temporal> {
  const isPersistent = context.mode === 'persistent';
  const dir = join(context.dir, 'temporal');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  let address = '';
  let uiUrl: string | undefined;
  await context.startOnPorts(async () => {
    const port = await context.choosePort('Temporal', isPersistent ? preferredPort : 0);
    address = `127.0.0.1:${port}`;
    const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'];
    if (isPersistent) {
      const uiPort = await context.choosePort("Temporal's UI", preferredUiPort);
      uiUrl = `http://127.0.0.1:${uiPort}`;
      args.push('--ui-port', String(uiPort), '--db-filename', join(dir, 'temporal.db'));
      for (const pragma of pragmas) args.push('--sqlite-pragma', pragma);
    } else {
      args.push('--headless');
    }
    for (const [key, value] of Object.entries(dynamicConfig)) {
      args.push('--dynamic-config-value', `${key}=${value}`);
    }
    for (const attribute of attributeNames) args.push('--search-attribute', `${attribute}=Keyword`);
    return {
      name: 'temporal',
      executable: context.venv.temporal,
      args,
      // A home of its own, so that it ignores the Temporal profiles of the user.
      env: { HOME: dir, PATH: '/usr/bin:/bin' },
      cwd: dir,
      isHealthy: () => isReady(address),
      deadlineMs: 90_000,
      graceMs: isPersistent ? 15_000 : 3_000,
    };
  });
  return { address, uiUrl };
}

/** Whether workflows can be started: the namespace exists and has the search attributes. */
async function isReady(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    const [{ customAttributes }] = await Promise.all([
      connection.operatorService.listSearchAttributes({ namespace }),
      connection.workflowService.describeNamespace({ namespace }),
    ]);
    return attributeNames.every((attribute) => customAttributes && attribute in customAttributes);
  } finally {
    await connection.close();
  }
}
