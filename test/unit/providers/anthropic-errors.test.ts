import Anthropic from '@anthropic-ai/sdk';
import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sanitize, toApplicationFailure } from '../../../activities/failure.ts';
import { failureCodes, failureTraits, isFailureCode } from '../../../src/domain/failures.ts';
import { codeOfThrown } from '../../../src/domain/thrown.ts';
import { internalProblem } from '../../../src/platform/http/internal-problem.ts';
import { reply, route } from '../../../src/platform/http/route.ts';
import { explainFailure } from '../../../src/platform/postgres/unavailable.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { classifyError, costOfError } from '../../../src/providers/wire/classify-error.ts';
import { keyOf, startTinyApp } from '../../support/tiny-app.ts';

// Whatever Anthropic's library, zod or anything between throws, at the boundaries of activity, HTTP, log and database.
const canary = 'sk-ant-CANARY-0123456789';

describe('an error of Anthropic’s library', () => {
  it('says nothing of itself at any boundary', () => {
    fc.assert(
      fc.property(thrownValue(), ({ thrown }) => {
        expect(saidOf(thrown()).join('\n')).not.toContain('CANARY');
      }),
      { numRuns: 1_000 },
    );
  });

  it('has one code for the guard, and a cost, whatever it is', () => {
    fc.assert(
      fc.property(thrownValue(), fc.boolean(), fc.boolean(), ({ thrown }, timedOut, sent) => {
        const failure = classifyError(thrown(), Anthropic, { timedOut, sent, bodyOf: (part) => part });
        expect(isFailureCode(failure.code)).toBe(true);
        expect(JSON.stringify(failure)).not.toContain('CANARY');
        expect(['free', 'unknown']).toContain(costOfError(thrown(), sent).kind);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is internal in an activity, although its type is a code of ours: the provider chose that word', () => {
    for (const type of failureCodes) {
      const error = new Anthropic.APIError(400, { error: { type } }, undefined, new Headers());
      expect(error).toHaveProperty('type', type);
      expect(sanitize(error, 1)).toMatchObject({ type: 'internal' });
    }
  });
});

describe('a failure of ours', () => {
  it('keeps its code and its wait', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...failureCodes),
        fc.option(fc.integer({ min: 1_000, max: 300_000 }), { nil: undefined }),
        fc.integer({ min: 1, max: 5 }),
        (code, retryAfterMs, attempt) => {
          const failure = toApplicationFailure({ code, ...(retryAfterMs && { retryAfterMs }) }, attempt);
          const sanitized = sanitize(failure, attempt);
          expect(sanitized).toEqual(failure);
          expect(sanitized).toMatchObject({ type: code, message: failureTraits[code].title });
          expect(sanitized).toHaveProperty('nextRetryDelay', retryAfterMs);
        },
      ),
    );
  });

  it('has no wait that is none', () => {
    for (const nextRetryDelay of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const thrown = Object.assign(ApplicationFailure.create({ type: 'internal' }), { nextRetryDelay });
      expect(sanitize(thrown, 1)).toHaveProperty('nextRetryDelay', undefined);
    }
  });
});

it.each(hostile().map(([name]) => name))(
  '%s, thrown by a route, is answered with 500 and a fixed sentence',
  async (name) => {
    const thrown = hostile().find(([known]) => known === name)?.[1];
    const throwing = route({
      ...({ method: 'get', path: '/throwing', role: 'agent', tag: 'broken', summary: 'Throws' } as const),
      replies: { 200: { description: 'Never' } },
      problems: [],
      handle: async () => (thrown === undefined ? reply(200) : Promise.reject(thrown)),
    });
    const app = await startTinyApp({ routes: [throwing] });
    try {
      const answer = await app.call('GET', '/throwing', { key: keyOf('agent') });
      expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
      expect(JSON.stringify(answer.body) + app.logged()).not.toContain('CANARY');
    } finally {
      await app.close();
    }
  },
);

/** Everything that the boundaries say of a thrown value: activity, answer, log line, database. */
function saidOf(thrown: unknown): string[] {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ level: 'debug', process: 'test', destination });
  const failure = sanitize(thrown, 1);
  if (!(failure instanceof ApplicationFailure)) throw new Error('it is no failure');
  const { message, stack, cause, details, type } = failure;
  const answer = internalProblem(log, { requestId: 'r' }, thrown);
  log.warn({ error: thrown, err: thrown, code: codeOfThrown(thrown) }, 'it failed');
  const explained = explainFailure(thrown, { isBroken: true });
  log.warn({ error: explained }, 'it failed');
  return [JSON.stringify([message, stack, cause, details, type, answer]), ...lines];
}

/** Bodies with the canary at any place, as providers word them and as they do not. */
const body = () =>
  fc.oneof(
    fc.record({
      type: fc.constantFrom('error', canary),
      error: fc.record({
        type: fc.constantFrom('invalid_request_error', 'authentication_error', 'budget_exhausted', canary),
        message: fc.constantFrom(canary, `x-api-key ${canary} is invalid`, `prompt is too long: ${canary}`),
        details: fc.constantFrom({ error_code: canary }, null),
      }),
      request_id: fc.constant(canary),
    }),
    fc.constantFrom(canary, undefined, null, 7, [canary], { message: { deep: canary } }),
    fc.anything({ maxDepth: 2 }),
  );

const apiError = () =>
  fc
    .tuple(fc.constantFrom(400, 401, 403, 404, 409, 413, 422, 429, 500, 503, 529, 0), body())
    .map(([status, sent]) => {
      const headers = new Headers({ 'request-id': canary, 'retry-after': '7', 'x-canary': canary });
      // A body that is no object breaks the library's own constructor.
      const given = typeof sent === 'object' && sent !== null ? sent : { error: { message: canary } };
      return Anthropic.APIError.generate(status || undefined, { ...given }, canary, headers);
    });

const inputError = () =>
  fc.string().map((text) => {
    const shape = z.object({ title: z.literal('x'), key: z.string().regex(/^never$/, canary) });
    return shape.safeParse({ title: `${canary}${text}`, key: canary, [canary]: canary }).error;
  });

/**
 * Errors of the library, of zod and of the runtime, wrapped, circular, or hostile when they are read. In a function, since the
 * generator of values reads them too.
 */
function thrownValue(): fc.Arbitrary<{ readonly thrown: () => unknown }> {
  const plain = fc.oneof(
    apiError(),
    inputError(),
    fc.constant(new Anthropic.AnthropicError(canary)),
    fc.constant(new SyntaxError(`Unexpected token ${canary}`)),
    fc.anything({ maxDepth: 2, withBigInt: true }),
  );
  const wrap = fc.constantFrom<(inner: unknown) => unknown>(
    (inner) => inner,
    (inner) => new Anthropic.APIConnectionError({ message: canary, cause: asError(inner) }),
    (inner) => withGetters(asError(inner)),
    (inner) => circular(asError(inner)),
  );
  return fc.oneof(
    fc.tuple(plain, wrap).map(([inner, wrapped]) => ({ thrown: () => wrapped(inner) })),
    fc.nat(hostile().length - 1).map((at) => ({ thrown: () => hostile()[at]?.[1] })),
  );
}

const asError = (value: unknown): Error => (value instanceof Error ? value : new Error(canary));

/** The same error, of which each property throws that can be defined anew. */
function withGetters(error: Error): Error {
  const hostileError = new Error(canary, { cause: error });
  for (const name of ['stack', 'message', 'name', 'status', 'headers', 'error', 'type', 'code', 'cause'])
    Object.defineProperty(hostileError, name, { get: refuse });
  return hostileError;
}

function circular(error: Error): Error {
  const outer = new Anthropic.APIConnectionError({ message: canary, cause: error });
  Object.defineProperty(error, 'cause', { value: outer, configurable: true, writable: true });
  return outer;
}

function refuse(): never {
  throw new Error(canary);
}

function hostile(): [string, unknown][] {
  const revocable = Proxy.revocable({}, {});
  revocable.revoke();
  const traps = { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse };
  return [
    ['a revoked proxy', revocable.proxy],
    ['a proxy that refuses everything', new Proxy(new Error(canary), traps)],
    ['a proxy of the library’s error', new Proxy(new Anthropic.AnthropicError(canary), traps)],
    ['a text', canary],
    ['null', null],
    ['an error whose parts throw', withGetters(new Error(canary))],
    [
      'an object that refuses to become a text',
      { toString: refuse, toJSON: refuse, [Symbol.toPrimitive]: refuse },
    ],
  ];
}
