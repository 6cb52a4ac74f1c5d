// `npm run build`: compiles into dist/ with `tsc`, then bundles the workflows into dist/workflow-bundle.js, so that a worker
// compiles and bundles nothing at its start. `npm start` runs it when a source has changed.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { fingerprintSources, stampBuild } from './build-stamp.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
// Beside dist/ until it is complete: a service that runs goes on to load its files, and an interrupted build leaves none.
const unfinished = join(root, 'dist.new');
const packageOf = (name) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));

const fingerprint = fingerprintSources(root);
rmSync(unfinished, { recursive: true, force: true });

const tsc = spawnSync(
  process.execPath,
  [join(packageOf('typescript'), 'bin', 'tsc'), '-p', 'tsconfig.build.json', '--outDir', unfinished],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

// What src/stack reads beside its modules: the sample articles and the embedding server.
for (const folder of ['src/stack', 'src/stack/samples']) {
  for (const name of readdirSync(join(root, folder))) {
    if (/\.(md|py)$/.test(name)) cpSync(join(root, folder, name), join(unfinished, folder, name));
  }
}

// Bundled from the output of tsc, so that the bundle and the rest of dist/ are one build. Only warnings and errors are printed.
const workflowsPath = join(unfinished, 'workflows', 'index.js');
if (!existsSync(workflowsPath)) throw new Error(`cannot bundle the workflows: ${workflowsPath} is missing`);
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
writeFileSync(join(unfinished, 'workflow-bundle.js'), code);
stampBuild(unfinished, fingerprint);
rmSync(dist, { recursive: true, force: true });
renameSync(unfinished, dist);
console.log(`built ${dist}; workflow bundle of ${Math.round(code.length / 1024)} KiB`);
