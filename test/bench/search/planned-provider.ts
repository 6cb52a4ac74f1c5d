// The provider of the searches, in a process of its own: `node --import tsx planned-provider.ts <port>`. It answers at once,
// with the vectors that were planned: `POST /plan` takes `{text: vector}`, `GET /answers` tells how many were given. What
// nobody planned is answered 400.
import { createServer } from 'node:http';
import { z } from 'zod';

const plan = new Map<string, string>();
const planSchema = z.record(z.string(), z.string());
const requestSchema = z.object({ model: z.string(), input: z.array(z.string()) });

let answers = 0;

const server = createServer(async (request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200).end(String(answers));
    return;
  }
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  const body: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
  if (request.url === '/plan') {
    for (const [text, vector] of Object.entries(planSchema.parse(body))) plan.set(text, vector);
    response.writeHead(204).end();
    return;
  }
  const { model, input } = requestSchema.parse(body);
  const vectors = input.map((text) => plan.get(text));
  if (vectors.includes(undefined)) {
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end('{"error":{"message":"not planned"}}');
    return;
  }
  answers += 1;
  const data = vectors.map(
    (vector, index) => `{"object":"embedding","index":${index},"embedding":${vector}}`,
  );
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(
      `{"object":"list","model":${JSON.stringify(model)},"data":[${data.join(',')}],"usage":{"prompt_tokens":8,"total_tokens":8}}`,
    );
});
server.listen(Number(process.argv[2]), '127.0.0.1');
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close();
});
