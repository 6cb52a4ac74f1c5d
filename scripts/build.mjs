// `npm run build`: compiles into dist/ with `tsc`, then bundles the workflows into dist/workflow-bundle.js, so that a worker
// in production compiles and bundles nothing at its start.
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

// Bundled from the output of tsc, so that the bundle and the rest of dist/ are one build. Only warnings and errors are printed.
const workflowsPath = join(dist, 'workflows', 'index.js');
if (!existsSync(workflowsPath)) throw new Error(`cannot bundle the workflows: ${workflowsPath} is missing`);
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
const bundle = join(dist, 'workflow-bundle.js');
writeFileSync(bundle, code);
console.log(`built ${dist}; workflow bundle of ${Math.round(code.length / 1024)} KiB`);
