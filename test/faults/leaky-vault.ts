import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';

const prefix = 'vault:v1:';
const use = z.object({
  context: z.string(),
  plaintext: z.string().optional(),
  ciphertext: z.string().startsWith(prefix).optional(),
});

/**
 * A Vault that encrypts nothing for those whose context `leaks` names: the ciphertext is the plaintext, in base64. Every
 * other request goes to the real one.
 */
export async function startLeakyVault(realAddress: string, leaks: (context: string) => boolean) {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(Buffer.from(part));
    const body = Buffer.concat(parts).toString('utf8');
    const answer = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    const asked = request.url?.includes('crypt/') ? use.safeParse(JSON.parse(body)) : undefined;
    if (asked?.success && leaks(Buffer.from(asked.data.context, 'base64').toString('utf8'))) {
      const { plaintext, ciphertext } = asked.data;
      const data =
        plaintext === undefined
          ? { plaintext: ciphertext?.slice(prefix.length) }
          : { ciphertext: `${prefix}${plaintext}` };
      answer(200, JSON.stringify({ data }));
      return;
    }
    const real = await fetch(`${realAddress}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { 'x-vault-token': String(request.headers['x-vault-token'] ?? '') },
      ...(body === '' ? {} : { body }),
    });
    answer(real.status, await real.text());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
