import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { sanitize, toApplicationFailure } from '../../../activities/failure.ts';
import { createSanitizer } from '../../../activities/sanitizer.ts';
import { failureCodes, failureTraits } from '../../../src/domain/failures.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';

const quiet = new DefaultLogger('ERROR', () => undefined);
const secret = 'sk-private-0123456789';

describe('an activity that throws', () => {
  it('an unexpected error fails as a new failure without it, and a warning is logged', async () => {
    const { failure, logged } = await runWith(new Error(secret, { cause: new Error(secret) }));
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'internal', message: failureTraits.internal.title });
    expect(JSON.stringify([failure, String(failure)])).not.toContain('private');
    expect(logged).toMatchObject([{ level: 'warn', msg: 'activity failed', code: 'internal' }]);
    expect(JSON.stringify(logged)).not.toContain('private');
  });

  it('a code of the table fails with it, and nothing but a note for debugging is logged', async () => {
    const { failure, logged } = await runWith(toApplicationFailure({ code: 'provider_unavailable' }));
    expect(failure).toMatchObject({ type: 'provider_unavailable', nonRetryable: false });
    expect(logged).toMatchObject([{ level: 'debug', code: 'provider_unavailable' }]);
  });

  it('a malformed answer is retried once', async () => {
    const thrown = toApplicationFailure({ code: 'malformed_response' });
    expect((await runWith(thrown, 1)).failure).toMatchObject({ nonRetryable: false });
    expect((await runWith(thrown, 2)).failure).toMatchObject({ nonRetryable: true });
  });
});

describe.each(failureCodes)('the failure %s', (code) => {
  const failure = toApplicationFailure({ code });

  it('has no stack but its name and title', () => {
    expect(failure.stack).toBe(`ApplicationFailure: ${failureTraits[code].title}`);
    const sanitized = sanitize(ApplicationFailure.create({ type: code, message: secret }), 1);
    expect(sanitized).toMatchObject({ stack: failure.stack, message: failureTraits[code].title });
  });

  it('is retried where its row of the table says so', () => {
    expect(failure.nonRetryable).toBe(failureTraits[code].workflow !== 'retries');
  });

  it('is expected where it is a rate limit, so that the SDK does not log it as an error', () => {
    const expected = code === 'provider_rate_limited' ? ApplicationFailureCategory.BENIGN : undefined;
    expect(failure.category ?? undefined).toBe(expected);
  });

  it.each([
    [0, 1_000],
    [999, 1_000],
    [1_001, 1_001],
  ])('with a wait of %i ms is retried after %i ms', (retryAfterMs, nextRetryDelay) => {
    expect(toApplicationFailure({ code, retryAfterMs })).toMatchObject({ nextRetryDelay });
  });
});

/** Runs an activity that throws this, behind the sanitizer. */
async function runWith(thrown: unknown, attempt = 1) {
  const logged: { level: string; msg: string; code: string }[] = [];
  const destination = { write: (line: string) => void logged.push(JSON.parse(line)) };
  const log = createLogger({ level: 'debug', process: 'test', destination });
  const env = new MockActivityEnvironment(
    { attempt },
    { interceptors: [createSanitizer({ log })], logger: quiet },
  );
  const failure: unknown = await env
    .run(async () => {
      throw thrown;
    })
    .catch((error: unknown) => error);
  return { failure, logged };
}
