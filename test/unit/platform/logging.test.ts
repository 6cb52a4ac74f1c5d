import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createLogger, describeError } from '../../../src/platform/telemetry/logging.ts';

const secret = 'sk-secret-0123456789';

const secretFields = [
  'authorization',
  'api_key',
  'apiKey',
  'embedding_api_key',
  'embeddingApiKey',
  'key',
  'plaintext',
  'ciphertext',
  'token',
  'password',
  'secret',
];

describe('a log line', () => {
  it('has the time, the level, the process and the message', () => {
    expect(JSON.parse(lineOf({ tenant_id: 't' }))).toMatchObject({
      level: 'info',
      process: 'test',
      tenant_id: 't',
      msg: 'something happened',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  it.each(secretFields)('never holds the value of %s, down to the fourth level', (field) => {
    const value = { [field]: secret };
    const fields = [value, { a: value }, { a: { b: value } }, { a: { b: { c: value } } }];
    for (const each of fields) {
      const line = lineOf(each);
      expect(line).not.toContain(secret);
      expect(line).toContain('[redacted]');
    }
  });

  it('holds nothing that lies deeper, and nothing of a list but what may be shown', () => {
    const deep = { a: { b: { c: { d: { key: secret } } } } };
    const listed = { a: [{ key: secret, id: 'shown' }, [{ token: secret }]] };
    expect(lineOf(deep)).not.toContain(secret);
    expect(lineOf(listed)).not.toContain(secret);
    expect(lineOf(listed)).toContain('shown');
    expect(JSON.parse(lineOf({ at: new Date(0), none: undefined, key: undefined }))).toMatchObject({
      at: '1970-01-01T00:00:00.000Z',
    });
  });

  it('holds no secret of a value that says itself how it is written', () => {
    const says = (json: unknown) => ({ a: { toJSON: () => json } });
    expect(lineOf(says({ token: secret, id: 'shown' }))).not.toContain(secret);
    expect(lineOf(says({ token: secret, id: 'shown' }))).toContain('shown');
    expect(lineOf(says([{ key: secret }]))).not.toContain(secret);
  });

  it('is written although a field of it cannot be read', () => {
    const unreadable = {
      get tenant_id(): string {
        throw new Error(secret);
      },
    };
    for (const fields of [unreadable, { a: unreadable }, { a: { toJSON: () => unreadable.tenant_id } }]) {
      const line = lineOf(fields);
      expect(JSON.parse(line)).toMatchObject({ msg: 'something happened' });
      expect(line).toContain('[unreadable]');
      expect(line).not.toContain(secret);
    }
  });

  it('is written from fields that stay as they are', () => {
    const fields = { a: { key: secret } };
    lineOf(fields);
    expect(fields).toEqual({ a: { key: secret } });
  });

  it.each(['err', 'error'])(
    'holds of an error under %s its class, its code and where it came from, and no word of it',
    (name) => {
      const error = Object.assign(new TypeError(`it was ${secret}`, { cause: new Error(secret) }), {
        code: 'ECONNRESET',
        config: { headers: { authorization: secret } },
        response: { body: secret },
      });
      error.stack = `TypeError: it was ${secret}\n    at ours (/app/src/search/service.ts:1:2)`;
      expect(JSON.parse(lineOf({ [name]: error }))[name]).toEqual({
        type: 'TypeError',
        code: 'ECONNRESET',
        at: 'at ours (/app/src/search/service.ts:1:2)',
      });
      expect(lineOf({ [name]: error })).not.toContain(secret);
    },
  );

  it('holds no word of an error that is logged as it is', () => {
    const lines: string[] = [];
    const log = createLogger({
      level: 'info',
      process: 'test',
      destination: { write: (line: string) => void lines.push(line) },
    });
    log.error(new Error(secret));
    log.error(new Error(secret), 'in words of our own');
    log.error({ err: new Error(secret) });
    expect(lines.join('')).not.toContain(secret);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['error', 'in words of our own', 'error']);
  });
});

describe('where an error was thrown', () => {
  const at = (...frames: string[]) => {
    const error = new Error('no');
    error.stack = ['Error: no', ...frames.map((frame) => `    at ${frame}`)].join('\n');
    return describeError(error).at;
  };

  it.each(['src', 'activities', 'workflows'])('is the first stack frame in %s', (folder) => {
    const ours = `work (file:///app/${folder}/one.ts:3:7)`;
    expect(at('node:internal/process/task_queues:103:5', ours, 'later (/app/src/two.ts:1:1)')).toBe(
      `at ${ours}`,
    );
  });

  it.each([
    'Client.query (/app/node_modules/pg/src/client.js:1:1)',
    'file:///app/node_modules/@scope/lib/src/index.ts:9:9',
    'run (/app/node_modules/a/node_modules/b/workflows/run.js:1:1)',
  ])('is not %s', (library) => {
    expect(at(library)).toBeUndefined();
    expect(at(library, 'ours (/app/src/main/api.ts:1:1)')).toBe('at ours (/app/src/main/api.ts:1:1)');
  });

  it('is left out for an error that was thrown in none of these folders', () => {
    expect(describeError(new RangeError('no'))).toEqual({ type: 'RangeError' });
    expect(describeError(runInNewContext('new Error("no")'))).toEqual({ type: 'object' });
  });
});

/** The line that a logger writes. */
function lineOf(fields: object, message = 'something happened'): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  createLogger({ level: 'info', process: 'test', destination }).info(fields, message);
  return lines.join('');
}
