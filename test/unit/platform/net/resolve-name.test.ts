import { expect, test } from 'vitest';
import { createNameResolver } from '../../../../src/platform/net/resolve-name.ts';

test.each(['localhost', 'LOCALHOST', 'any.localhost'])(
  '%s is this machine, whatever a name server says',
  async (name) => {
    expect(await createNameResolver()(name)).toEqual(['127.0.0.1', '::1']);
  },
);
