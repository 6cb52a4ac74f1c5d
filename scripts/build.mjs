// npm run build: plain `tsc` into dist/, then the workflow bundle made ahead into dist/workflow-bundle.js, so that a worker
// in production neither compiles nor bundles anything at its start.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const packageOf = (name) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));

rmSync(dist, { recursive: true, force: true });

const tsc = spawnSync(
  process.execPath,
  [join(packageOf('typescript'), 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

// From what tsc emitted, so that the bundle and the rest of dist/ are one build. Only warnings and worse are told.
const workflowsPath = join(dist, 'workflows', 'index.js');
if (!existsSync(workflowsPath)) throw new Error(`there is no ${workflowsPath} to bundle`);
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
const bundle = join(dist, 'workflow-bundle.js');
writeFileSync(bundle, code);
console.log(`built ${dist}; workflow bundle of ${Math.round(code.length / 1024)} KiB`);
