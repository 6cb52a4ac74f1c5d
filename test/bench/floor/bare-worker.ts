// The floor's worker: `node --import tsx bare-worker.ts <health port> <temporal address> <task queue>`. The SDK's defaults.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { bareActivities } from './bare-activities.ts';

const [port = '', address = '', taskQueue = ''] = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger('WARN') });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowsPath: join(import.meta.dirname, 'bare-workflow.ts'),
  activities: bareActivities,
});
const health = createServer((_request, response) => response.end()).listen(Number(port), '127.0.0.1');
// The SDK drains the worker on SIGTERM by itself.
await worker.run();
await connection.close();
health.closeAllConnections();
health.close();
