import { expect, test, vi } from 'vitest';
import { createNameResolver } from '../../../../src/platform/net/resolve-name.ts';

/** A resolver over name servers that answer this; nothing is an error of them. */
function resolverOf(v4?: string[], v6?: string[]) {
  const fail = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
  const answer = (found?: string[]) => vi.fn(() => (found === undefined ? fail() : Promise.resolve(found)));
  const servers = { resolve4: answer(v4), resolve6: answer(v6) };
  return { servers, resolve: createNameResolver(servers) };
}

test.each(['localhost', 'LOCALHOST', 'any.localhost'])(
  '%s is this machine, and no name server is asked',
  async (name) => {
    const { servers, resolve } = resolverOf(['8.8.8.8'], []);
    expect(await resolve(name)).toEqual(['127.0.0.1', '::1']);
    expect(servers.resolve4).not.toHaveBeenCalled();
  },
);

test('a name has all addresses of both families', async () => {
  const { resolve } = resolverOf(['8.8.8.8', '10.0.0.1'], ['::1']);
  expect(await resolve('provider.example')).toEqual(['8.8.8.8', '10.0.0.1', '::1']);
});

test.each([
  [['8.8.8.8'], undefined, ['8.8.8.8']],
  [undefined, ['2606:4700::1111'], ['2606:4700::1111']],
])('a name of one family alone has those: %j and %j', async (v4, v6, found) => {
  expect(await resolverOf(v4, v6).resolve('provider.example')).toEqual(found);
});

test.each(['resolve4', 'resolve6'])(
  'a name has the addresses of one family where %s gets no answer',
  async (silent) => {
    const servers = { resolve4: async () => ['8.8.8.8'], resolve6: async () => ['2606:4700::1111'] };
    const resolve = createNameResolver({
      ...servers,
      [silent]: () => new Promise<string[]>(() => undefined),
    });
    const other = silent === 'resolve4' ? '2606:4700::1111' : '8.8.8.8';
    expect(await resolve('provider.example')).toEqual([other]);
  },
);

test('a name without an address is an error', async () => {
  await expect(resolverOf().resolve('provider.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('a name like localhost is looked up', async () => {
  expect(await resolverOf(['8.8.8.8'], []).resolve('notlocalhost')).toEqual(['8.8.8.8']);
});
