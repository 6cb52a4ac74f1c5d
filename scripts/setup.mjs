// Installs or updates node_modules and the Python environment of the embedded services. It uses Node alone, because it runs
// before anything is installed. It prints nothing when everything is up to date.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..');
const stackDir = join(root, '.stack');
const venvDir = join(stackDir, 'venv');
const venvPython = join(venvDir, 'bin', 'python');
const stampFile = join(venvDir, 'requirements.sha256');
const requirementsFile = join(root, 'scripts', 'requirements.txt');
const setupLog = join(stackDir, 'setup.log');
const lockDir = join(stackDir, 'setup.lock');

/** A problem that the user can solve. It is printed as one sentence, without a stack trace. */
class SetupProblem extends Error {}

const withContainers = 'Or run it in containers: docker compose up';
const say = (line) => console.log(`set-up: ${line}`);

/**
 * Installs the missing Node packages and, unless `services` is false, the embedded services; builds what has changed if `build` is
 * true. Throws a SetupProblem when it cannot.
 */
export async function setUp({ services = true, build = false } = {}) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupProblem(
      `Node ${process.versions.node} is too old: Lorekeep needs 20.19 or newer. ${withContainers}`,
    );
  }
  if (process.platform === 'win32') {
    throw new SetupProblem(
      `Lorekeep's embedded services run on Linux and macOS, not on Windows. ${withContainers}`,
    );
  }
  const { isBuildCurrent } = build ? await import('./build-stamp.mjs') : {};
  const needsBuild = () => build && !isBuildCurrent(root);
  const isCurrent = () => nodeModulesAreCurrent() && (!services || venvIsCurrent()) && !needsBuild();
  if (!isCurrent()) {
    mkdirSync(stackDir, { recursive: true });
    await withLock(async () => {
      if (!nodeModulesAreCurrent()) await installNodeModules();
      if (services && !venvIsCurrent()) await installVenv();
      if (needsBuild()) await compile();
    });
  }
}

/** Runs the set-up for a script. When it fails, prints one sentence and ends the process. */
export async function setUpOrExit(options) {
  try {
    await setUp(options);
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/**
 * Compares the lock file with npm's own record of the last install, which a plain `npm install` writes too. It also looks
 * for the packages, because an interrupted install can leave the record without them.
 */
function nodeModulesAreCurrent() {
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  if (!installed || !wanted) return false;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' ||
      entry.optional ||
      (installed[path]?.version === entry.version && existsSync(join(root, path, 'package.json'))),
  );
}

async function installNodeModules() {
  say('installing the Node packages (npm ci) …');
  const outcome = await run(
    'npm',
    ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    'Node packages',
  );
  if (outcome.code !== 0) {
    throw new SetupProblem(
      `The Node packages could not be installed; the output of npm is in ${setupLog}. ${withContainers}`,
    );
  }
}

/** Builds dist/. A failure is no problem of the set-up: the sources run through the compiler then, which takes longer. */
async function compile() {
  say('compiling what has changed …');
  const outcome = await run(process.execPath, [join(root, 'scripts', 'build.mjs')], 'compiling');
  if (outcome.code !== 0)
    say(`the build has failed, so the sources run as they are; its output is in ${setupLog}`);
}

const requirementsHash = () => createHash('sha256').update(readFileSync(requirementsFile)).digest('hex');

/** The stamp is written last. The interpreter is a link, which dangles once its Python is uninstalled. */
function venvIsCurrent() {
  if (!existsSync(venvPython) || !existsSync(stampFile)) return false;
  return readFileSync(stampFile, 'utf8').trim() === requirementsHash();
}

async function installVenv() {
  const python = findPython();
  say(`installing the embedded services with ${python.command} ${python.version} (about 270 MB, once) …`);
  rmSync(stampFile, { force: true });
  const made = await run(python.command, ['-m', 'venv', '--clear', venvDir], 'Python environment');
  if (made.code !== 0) {
    throw new SetupProblem(
      `Python cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv); its output is in ${setupLog}. ${withContainers}`,
    );
  }
  const args = ['--require-hashes', '--only-binary', ':all:', '--no-input', '--disable-pip-version-check'];
  const installed = await run(
    venvPython,
    ['-m', 'pip', 'install', ...args, '--progress-bar', 'off', '-r', requirementsFile],
    'embedded services',
    (line) => /^\s*(Downloading|Installing)/.test(line),
  );
  if (installed.code !== 0) {
    throw new SetupProblem(
      `The embedded services could not be installed: ${refusal(installed.output)}; the output of pip is in ${setupLog}. ${withContainers}`,
    );
  }
  writeFileSync(stampFile, `${requirementsHash()}\n`);
}

/** Explains a failure of pip in a few words. */
function refusal(output) {
  if (/HASHES|do not match the hashes/i.test(output)) return 'a package is not the one that was pinned';
  if (/ConnectionError|Max retries|timed out|Could not fetch URL/i.test(output)) {
    return 'the Python package index cannot be reached';
  }
  if (/No matching distribution|not a supported wheel/i.test(output)) {
    return `no wheel for this system (${process.platform} ${process.arch}) was found, or the index cannot be reached`;
  }
  return 'pip failed';
}

function findPython() {
  let tooOld;
  for (const command of [
    'python3',
    'python',
    'python3.14',
    'python3.13',
    'python3.12',
    'python3.11',
    'python3.10',
  ]) {
    const found = spawnSync(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
    });
    if (found.status !== 0) continue;
    const version = found.stdout.trim();
    const [major, minor] = version.split('.').map(Number);
    if (major === 3 && minor >= 10) return { command, version };
    tooOld = version;
  }
  const problem = tooOld ? `Python ${tooOld} is too old` : 'Python is missing';
  throw new SetupProblem(
    `${problem}: Lorekeep's embedded services come as Python packages and need Python 3.10 or newer. ${withContainers}`,
  );
}

/** Runs a command with its output in the log. Prints the lines that `isShown` selects, and the elapsed time now and then. */
function run(command, args, what, isShown = () => false) {
  return new Promise((resolve) => {
    const startedAt = Date.now();
    let output = '';
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    recordHolders(process.pid, child.pid);
    const progress = setInterval(
      () => say(`${what}: ${Math.round((Date.now() - startedAt) / 1000)} s …`),
      15_000,
    );
    const finish = (code) => {
      clearInterval(progress);
      recordHolders(process.pid);
      writeFileSync(setupLog, `$ ${command} ${args.join(' ')}\n${output}\n`, { flag: 'a' });
      resolve({ code, output });
    };
    const read = (chunk) => {
      output += chunk;
      for (const line of String(chunk).split('\n')) if (isShown(line)) say(line.trim());
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => {
      output += error.message;
      finish(-1);
    });
    child.once('close', (code) => finish(code ?? -1));
  });
}

const holdersFile = join(lockDir, 'pid');

/** Records the holders of the lock: this process and the command that it runs, which survives when this one is killed. */
function recordHolders(...pids) {
  // Renamed into its name, so that a waiting process never reads half a file.
  writeFileSync(`${holdersFile}.new`, pids.filter(Boolean).join(' '));
  renameSync(`${holdersFile}.new`, holdersFile);
}

/** Runs one set-up at a time. A lock whose holders have ended is removed. */
async function withLock(work) {
  for (let hasSaid = false; ; ) {
    try {
      mkdirSync(lockDir);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned()) {
      rmSync(lockDir, { recursive: true, force: true });
      continue;
    }
    if (!hasSaid) say('waiting for another set-up of this clone …');
    hasSaid = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  try {
    recordHolders(process.pid);
    await work();
  } finally {
    rmSync(lockDir, { recursive: true, force: true });
  }
}

function isAbandoned() {
  const pids = existsSync(holdersFile) ? readFileSync(holdersFile, 'utf8').split(' ').filter(Boolean) : [];
  if (pids.length > 0) return !pids.some((pid) => isRunning(Number(pid)));
  // The holder records itself right after it creates the lock. Without a record after 5 s it has died in between.
  const made = statSync(lockDir, { throwIfNoEntry: false });
  return made !== undefined && Date.now() - made.mtimeMs > 5_000;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await setUpOrExit({ build: existsSync(join(root, 'src')) });
}
