// Brings node_modules and the private Python environment of the embedded services up to date. Plain Node: it runs before
// anything is installed. Silent and quick when there is nothing to do.
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

/** A problem that the person who typed the command can act on: one sentence, no stack trace. */
class SetupProblem extends Error {}

const withContainers = 'Or run it in containers: docker compose up';
const say = (line) => console.log(`set-up: ${line}`);

/**
 * Installs what is missing: the Node packages and, unless `services` is false, the embedded services. Throws a SetupProblem
 * when it cannot.
 */
export async function setUp({ services = true } = {}) {
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
  const isCurrent = () => nodeModulesAreCurrent() && (!services || venvIsCurrent());
  if (!isCurrent()) {
    mkdirSync(stackDir, { recursive: true });
    await withLock(async () => {
      if (!nodeModulesAreCurrent()) await installNodeModules();
      if (services && !venvIsCurrent()) await installVenv();
    });
  }
}

/** Runs the set-up for a script, which ends here, with one sentence, when that fails. */
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
 * Compares the lock file with what npm itself noted of the last install, so that a plain `npm install` counts too, and looks
 * whether it is there: an install that was broken off can leave the note without the packages.
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
      `The Node packages could not be installed; npm's words are in ${setupLog}. ${withContainers}`,
    );
  }
}

const requirementsHash = () => createHash('sha256').update(readFileSync(requirementsFile)).digest('hex');

/** The stamp is written last; a base Python that was removed since leaves a dangling link behind. */
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
      `Python cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv); its words are in ${setupLog}. ${withContainers}`,
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
      `The embedded services could not be installed: ${refusal(installed.output)}; pip's words are in ${setupLog}. ${withContainers}`,
    );
  }
  writeFileSync(stampFile, `${requirementsHash()}\n`);
}

/** Why pip refused, in our words. */
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

/** Runs a command with its output in the log; shows the lines that `isShown` picks, and a sign of life when it is long. */
function run(command, args, what, isShown = () => false) {
  return new Promise((resolve) => {
    const startedAt = Date.now();
    let output = '';
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    noteHolders(process.pid, child.pid);
    const alive = setInterval(
      () => say(`${what}: ${Math.round((Date.now() - startedAt) / 1000)} s …`),
      15_000,
    );
    const finish = (code) => {
      clearInterval(alive);
      noteHolders(process.pid);
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

/** Who is at work: this process, and what it runs, which outlives it when it is killed. */
function noteHolders(...pids) {
  // Whole at every moment, for those who wait and look.
  writeFileSync(`${holdersFile}.new`, pids.filter(Boolean).join(' '));
  renameSync(`${holdersFile}.new`, holdersFile);
}

/** One set-up at a time. A lock whose holders are gone is taken over. */
async function withLock(work) {
  for (let told = false; ; ) {
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
    if (!told) say('waiting for another set-up of this clone …');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  try {
    noteHolders(process.pid);
    await work();
  } finally {
    rmSync(lockDir, { recursive: true, force: true });
  }
}

function isAbandoned() {
  const pids = existsSync(holdersFile) ? readFileSync(holdersFile, 'utf8').split(' ').filter(Boolean) : [];
  if (pids.length > 0) return !pids.some((pid) => isRunning(Number(pid)));
  // Between making the lock and noting who did lies a moment; longer than that, and the holder died in it.
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await setUpOrExit();
