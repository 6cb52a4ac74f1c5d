import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

describe('the output of a process', () => {
  it('holds neither the fields nor the message of an error that crashes it', () => {
    const { status, stdout, stderr } = run(
      `Object.assign(new TypeError('refused: canary-1'), { headers: { 'x-vault-token': 'canary-2' }, code: 'E_ONE' })`,
    );
    expect(status).toBe(1);
    expect(stdout + stderr).not.toContain('canary');
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ level: 'fatal', msg: 'the process has crashed', error: { type: 'TypeError', code: 'E_ONE' } },
    });
  });

  it('holds no word that a library writes to the console', () => {
    const { stdout, stderr } = run('undefined', `console.log('canary-1'); console.error('canary-2');`);
    expect(stdout + stderr).not.toContain('canary');
    expect(stdout.match(/a library wrote to the console/g)).toHaveLength(1);
  });

  it('is closed before a library is loaded, in every process of the service', () => {
    // These two are run by a person on the machine of a developer, and hold no secret of a tenant.
    const entries = readdirSync(main).filter(
      (name) => isEntry(name) && !['start.ts', 'schema.ts'].includes(name),
    );
    expect(entries).toHaveLength(7);
    for (const name of entries) {
      expect(readFileSync(join(main, name), 'utf8')).toMatch(/^import '\.\/library-output\.ts';\n/);
    }
  });
});

const root = join(import.meta.dirname, '..', '..', '..');
const main = join(root, 'src', 'main');

/** A file that runs when it is loaded: it exports nothing. */
const isEntry = (name: string) =>
  name.endsWith('.ts') &&
  !/^export /m.test(readFileSync(join(main, name), 'utf8')) &&
  name !== 'library-output.ts';

/** Runs a process that prints as given and then throws, if an error is given. */
function run(error: string, before = '') {
  const code = `
    const { reportLibraryOutput } = await import('${main}/library-output.ts');
    const { createLogger } = await import('${root}/src/platform/telemetry/logging.ts');
    reportLibraryOutput(createLogger({ level: 'info', process: 'test' }));
    ${before}
    const error = ${error};
    if (error) setTimeout(() => { throw error; }, 1);`;
  return spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code], {
    ...{ cwd: root, encoding: 'utf8', env: {} },
  });
}
