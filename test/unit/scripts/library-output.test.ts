import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isDebugSwitch } from '../../../src/platform/telemetry/library-output.ts';

describe('the output of a script', () => {
  it.each([
    { DEBUG: '*', NODE_DEBUG: '*' },
    { NODE_DEBUG_NATIVE: 'http2,tls', OPENAI_LOG: 'debug' },
    { NODE_OPTIONS: '--trace-tls --no-warnings' },
  ])('holds nothing that a switch lets Node.js print, and tells which are ignored: %o', (switches) => {
    const { status, stdout, stderr } = run(talkative, { ...switches, VAULT_TOKEN: 'canary-1' });
    expect(status).toBe(0);
    // Before our first line Node.js prints about files only.
    expect(stdout + stderr).not.toContain('canary');
    for (const name of namesOf(switches)) expect(stdout + stderr).toContain(name);
    expect(stdout + stderr).toContain('what we say');
  });

  it('goes to a process that it starts without a switch', () => {
    const { stdout } = run(`console.log(JSON.stringify(process.env))`, {
      ...{ DEBUG: '*', NODE_DEBUG: '*', NODE_OPTIONS: '--trace-tls --no-warnings', LOG_LEVEL: 'debug' },
    });
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
      ...{ NODE_OPTIONS: '--no-warnings', LOG_LEVEL: 'debug' },
    });
  });

  it('still tells of a crash when the standard error is closed', () => {
    const { status, stdout } = run(`throw new TypeError('of our own')`, { NODE_DEBUG: 'http' });
    expect(status).toBe(1);
    expect(stdout).toContain('TypeError: of our own');
  });

  it('is as usual without a switch', () => {
    const { stdout, stderr } = run(`console.error('a problem')`, { NVPL_BLAS_DEBUG_CPU_TYPE: '1', LOG: '' });
    expect([stdout, stderr]).toEqual(['', 'a problem\n']);
  });

  it('is closed before a library is loaded, in every script that can hold a secret', () => {
    // These compile and check, or install what the others need.
    const without = [
      'build.mjs',
      'build-stamp.mjs',
      'check.mjs',
      'setup.mjs',
      'library-output.mjs',
      'close-library-output.mjs',
    ];
    const names = readdirSync(scripts).filter((name) => name.endsWith('.mjs') && !without.includes(name));
    expect(names).toContain('start.mjs');
    for (const name of names.filter((each) => each !== 'tsx.mjs')) {
      const [first] = /^import .*$/m.exec(readFileSync(join(scripts, name), 'utf8')) ?? [];
      expect([name, first]).toEqual([name, expect.stringContaining(`'./close-library-output.mjs'`)]);
    }
  });
});

describe('a debugging switch', () => {
  it.each([
    ...['DEBUG', 'NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'OPENAI_LOG', 'ANTHROPIC_LOG', 'GRPC_TRACE'],
    ...['GRPC_VERBOSITY', 'GRPC_NODE_TRACE', 'GRPC_NODE_VERBOSITY', 'RUST_LOG', 'TEMPORAL_DEBUG'],
  ])('is the same for scripts and for the service: %s', (name) => {
    expect([isDebugSwitch(name), isSwitchOfScripts(name)]).toEqual([true, true]);
  });

  it.each([
    ...['NVPL_BLAS_DEBUG_CPU_TYPE', 'LOG_LEVEL', 'LOGNAME', 'TRACEPARENT', 'MY_APP_DEBUG', 'GIT_TRACE'],
  ])('is not every variable with such a word in it: %s', (name) => {
    expect([isDebugSwitch(name), isSwitchOfScripts(name)]).toEqual([false, false]);
  });
});

const scripts = join(import.meta.dirname, '..', '..', '..', 'scripts');

/** Starts a process and sends a header, which Node.js prints with its switches, and then says something itself. */
const talkative = `
  const { spawnSync } = await import('node:child_process');
  spawnSync(process.execPath, ['-e', '0'], { env: process.env });
  await fetch('http://127.0.0.1:1', { headers: { 'x-vault-token': process.env.VAULT_TOKEN } }).catch(() => 0);
  (await import('node:http')).get('http://127.0.0.1:1', { headers: { token: 'canary-2' } }).on('error', () => 0);
  console.error('what we say');`;

const namesOf = (switches: Readonly<Record<string, string | undefined>>) =>
  Object.entries(switches).map(([name, value]) => (name === 'NODE_OPTIONS' ? value?.split(' ')[0] : name));

/** Runs code after the first import of the scripts. */
function run(code: string, env: Readonly<Record<string, string | undefined>>) {
  const preload = join(scripts, 'close-library-output.mjs');
  return spawnSync(process.execPath, ['--import', preload, '--input-type=module', '--eval', code], {
    ...{ encoding: 'utf8', env },
  });
}

/** Asked of the script itself: a note about the switch names it. */
function isSwitchOfScripts(name: string): boolean {
  const { stdout, stderr } = run('', { [name]: '1' });
  return (stdout + stderr).includes(name);
}
