import { expect, it } from 'vitest';
import { z } from 'zod';
import { createRequestParser } from '../../src/platform/http/parse-request.ts';
import type { FieldError } from '../../src/platform/http/problem.ts';
import { routes } from './declared-routes.ts';

/** The words of zod, which a schema without words of its own would show. */
const wordsOfZod = /\b(expected|received|invalid|NaN|too (big|small))\b|^Unrecognized/i;

const subjects = routes.flatMap((route) =>
  (['query', 'body'] as const).flatMap((part) =>
    fieldsOf(route[part]).map((field) => ({
      route,
      part,
      field,
      name: `${route.method} ${route.path} ${field}`,
    })),
  ),
);

it.each(subjects)('says plainly what is wrong with any value: $name', ({ route, part, field }) => {
  const messages = new Set<string>();
  for (const value of junk) {
    const request = { params: {}, query: {}, body: {}, [part]: { [field]: value } };
    const { params: _, ...withoutParams } = route;
    const answer = createRequestParser(withoutParams)(request);
    if (answer.kind === 'problem') for (const error of errorsOf(answer.errors)) messages.add(error);
  }
  expect([...messages].filter((message) => wordsOfZod.test(message))).toEqual([]);
});

it('names the providers that there are to one who asks for another', () => {
  const reset = routes.find(({ path }) => path.endsWith('/:provider/reset'));
  const answer = reset && createRequestParser(reset)({ params: { provider: 'x' }, query: {}, body: {} });
  expect(answer).toMatchObject({ detail: 'There is no provider of this name: use embedding or anthropic.' });
});

it('names the values that a field may have', () => {
  const list = routes.find(({ path, method }) => path === '/articles' && method === 'get');
  const answer =
    list && createRequestParser(list)({ params: {}, query: { status: 'x', limit: 'x' }, body: {} });
  expect(answer).toMatchObject({
    errors: [
      { path: 'status', message: 'must be one of draft, published, archived' },
      { path: 'limit', message: 'must be a whole number from 1 to 100' },
    ],
  });
});

/** Wrong in most fields, each in another way. */
const junk = [
  ...['', 'abc', 'NaN', '-1', '0', '1.5', '99999999999999999999', 'day,month', 'a'.repeat(100_000)],
  ...[['a', 'b'], ['1', '2'], [7], [], Array.from({ length: 300 }, () => 'x')],
  ...[null, true, -1, 0, 1.5, 1e300, Number.NaN, {}, { key: 'value' }],
];

const errorsOf = (errors: readonly FieldError[] = []) => errors.map(({ message }) => message);

function fieldsOf(schema: z.ZodType | undefined): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
