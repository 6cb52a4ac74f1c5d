import { CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitize } from '../../../activities/failure.ts';
import { failureCodes, isFailureCode } from '../../../src/domain/failures.ts';
import { codeOfThrown } from '../../../src/domain/thrown.ts';
import { describeError } from '../../../src/platform/telemetry/logging.ts';
import { classifyError } from '../../../src/providers/wire/classify-error.ts';

const secret = 'sk-private-0123456789';

describe.each(hostile())('%s, thrown', (_, thrown) => {
  it('has the code `internal`, at every boundary', () => {
    expect(codeOfThrown(thrown)).toBe('internal');
    expect(sanitize(thrown, 1)).toMatchObject({ type: 'internal', nonRetryable: false });
    const vendor = {
      APIError: RangeError,
      APIConnectionError: RangeError,
      APIConnectionTimeoutError: RangeError,
      APIUserAbortError: RangeError,
    };
    const options = { timedOut: false, bodyOf: (kept: unknown) => kept };
    expect(classifyError(thrown, vendor, options)).toEqual({ code: 'internal' });
  });

  it('says nothing of itself in a log line or in a failure of Temporal’s', () => {
    const failure = sanitize(thrown, 1);
    if (!(failure instanceof ApplicationFailure)) throw new Error('it is no failure');
    expect(JSON.stringify([failure.message, failure.stack, failure.cause, failure.details])).not.toContain(
      'private',
    );
    const described = describeError(thrown);
    expect(Object.keys(described).every((key) => ['type', 'code', 'at'].includes(key))).toBe(true);
    expect(JSON.stringify(described)).not.toContain('private');
  });
});

it('keeps its code where it is one of ours, and its wait, which is at least a second', () => {
  for (const code of failureCodes) {
    const thrown = ApplicationFailure.create({ type: code, message: secret, cause: new Error(secret) });
    expect(codeOfThrown(thrown)).toBe(code);
    const failure = sanitize(thrown, 1);
    expect(failure).toMatchObject({ type: code });
    expect(failure).not.toHaveProperty('cause', expect.anything());
  }
  const waiting = (nextRetryDelay: number) =>
    sanitize(ApplicationFailure.create({ type: 'provider_rate_limited', nextRetryDelay }), 1);
  expect(waiting(7_000)).toMatchObject({ nextRetryDelay: 7_000 });
  expect(waiting(0)).toMatchObject({ nextRetryDelay: 1_000 });
});

it('lets Temporal’s own control flow pass', () => {
  for (const thrown of [new CancelledFailure('CANCELLED'), new CompleteAsyncError()])
    expect(sanitize(thrown, 1)).toBe(thrown);
});

it('has one code, whatever it is', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, maxDepth: 3 }), (thrown) => {
      expect(isFailureCode(codeOfThrown(thrown))).toBe(true);
    }),
  );
});

it('does not take a stack that a message quotes for ours', () => {
  const error = new Error(`no\n    at ${secret} (/somewhere/src/file.ts:1:1)`);
  expect(JSON.stringify(describeError(error))).not.toContain('private');
});

function refuse(): never {
  throw new Error(secret);
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function circular(): Error {
  const error = new Error(secret);
  error.cause = error;
  return error;
}

/** Values that throw, or show the secret, when they are looked at. */
function hostile(): [string, unknown][] {
  return [
    ['nothing', undefined],
    ['null', null],
    ['a text', secret],
    ['a symbol', Symbol(secret)],
    ['a big number', 10n],
    ['a function', refuse],
    ['an object without prototype', Object.create(null)],
    ['a getter that throws', Object.defineProperty(new Error(secret), 'type', { get: refuse })],
    ['a message that throws', Object.defineProperty(new Error(), 'message', { get: refuse })],
    ['a stack that throws', Object.defineProperty(new Error(secret), 'stack', { get: refuse })],
    ['a stack that is no text', Object.assign(new Error(secret), { stack: 7 })],
    [
      'a proxy that refuses everything',
      new Proxy(new Error(secret), { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse }),
    ],
    ['a revoked proxy', revoked()],
    ['its own cause', circular()],
    [
      'a type that is no code',
      Object.assign(new Error(secret), { type: secret, code: secret, name: secret }),
    ],
    [
      'a failure with a cause',
      ApplicationFailure.create({ type: secret, message: secret, cause: new Error(secret) }),
    ],
  ];
}
