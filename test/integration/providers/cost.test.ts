import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect } from 'vitest';
import type { Cost } from '../../../src/domain/cost.ts';
import { createAnthropicClient } from '../../../src/providers/anthropic/anthropic-client.ts';
import { createProviderConnections } from '../../../src/providers/wire/provider-connections.ts';
import { askClient } from '../../support/ask-client.ts';
import { factsOfProvider } from '../../support/fixtures.ts';
import { type ProviderTwin, type TwinStep, twinKey } from '../../support/provider-twin.ts';
import { targetOf } from '../../support/targets.ts';

const it = factsOfProvider().extend('costOf', ({ twin, key }) => costsOf(twin, key));
const free: Cost = { kind: 'free' };
const unknown: Cost = { kind: 'unknown' };
const told = (inputTokens: number): Cost => ({ kind: 'told', inputTokens, outputTokens: 0 });

describe('the cost of a call', () => {
  it.for<[string, TwinStep, Cost]>([
    ['vectors', { kind: 'ok' }, told(2)],
    ['another count of vectors', raw({ data: [vector(0)], usage: { prompt_tokens: 2 } }), told(2)],
    ['nulls', raw({ data: [{ index: 0, embedding: [null] }], usage: { prompt_tokens: 2 } }), told(2)],
    ['another shape', raw({ vectors: [], usage: { prompt_tokens: 2 } }), told(2)],
    ['vectors without a usage', raw({ data: [vector(0), vector(1)] }), unknown],
    ['no JSON', { kind: 'raw', body: '<html>' }, unknown],
    ['bad gzip', { kind: 'raw', body: 'x', headers: { 'content-encoding': 'gzip' } }, unknown],
    ['no answer in time', { kind: 'hang' }, unknown],
    ['a body that never ends', { kind: 'trickle' }, unknown],
    ['a connection cut before an answer', { kind: 'cut', after: 'nothing' }, unknown],
    ['a connection cut within an answer', { kind: 'cut', after: 'half' }, unknown],
    ['500', { kind: 'status', status: 500 }, unknown],
    ['503', { kind: 'status', status: 503 }, unknown],
    ['408', { kind: 'status', status: 408 }, unknown],
    ['400', { kind: 'status', status: 400 }, free],
    ['401', { kind: 'status', status: 401 }, free],
    ['402', { kind: 'status', status: 402 }, free],
    ['404', { kind: 'status', status: 404 }, free],
    ['422', { kind: 'status', status: 422 }, free],
    ['429', { kind: 'status', status: 429 }, free],
    ['a redirect', { kind: 'status', status: 307, headers: { location: '/v1/embeddings' } }, free],
  ])('whose answer is %s is known as far as it is told', async ([_name, step, cost], { costOf }) => {
    expect(await costOf.embedding(step)).toEqual(cost);
  });

  it.for<[string, TwinStep, Cost['kind']]>([
    ['a text', { kind: 'ok' }, 'told'],
    ['another shape with its usage', raw({ usage: { input_tokens: 3, output_tokens: 1 } }), 'told'],
    ['a text without a usage', raw({ type: 'message', content: [], stop_reason: null }), 'unknown'],
    ['an overload', { kind: 'status', status: 529 }, 'unknown'],
    ['no answer in time', { kind: 'hang' }, 'unknown'],
    ['a wrong key', { kind: 'status', status: 401 }, 'free'],
  ])('of Anthropic whose answer is %s is known likewise', async ([_name, step, kind], { costOf }) => {
    expect((await costOf.message(step)).kind).toBe(kind);
  });

  it('that was not sent is nothing: the connection was refused', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = portOf(server);
    server.close();
    await once(server, 'close');
    expect(await costAt(`http://127.0.0.1:${port}/v1`, 5_000)).toEqual(free);
  });

  it('that was not sent is nothing: the connection was not there in time', async () => {
    // A server that takes the connection and never answers the handshake, so that no byte of the request is written.
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(await costAt(`https://127.0.0.1:${portOf(server)}/v1`, 200)).toEqual(free);
    expect(sockets).toHaveLength(1);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('is its own, however many are under way at once', async ({ twin, key }) => {
    twin.script(key, [], { kind: 'hang' });
    const nobody = 'https://127.0.0.1:9/v1';
    const costs = await Promise.all(
      Array.from({ length: 20 }, (_, i) => costAt(i % 2 === 0 ? twin.baseUrl : nobody, 300, key)),
    );
    expect(costs).toEqual(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? unknown : free)));
  });
});

/** The costs of calls with the key, whose requests the twin answers by a step. */
function costsOf(twin: ProviderTwin, apiKey: string) {
  const timeoutMs = (step: TwinStep) => (['hang', 'trickle'].includes(step.kind) ? 200 : 10_000);
  const embedding = (step: TwinStep) => {
    twin.script(apiKey, [step]);
    return costAt(twin.baseUrl, timeoutMs(step), apiKey);
  };
  const message = async (step: TwinStep) => {
    twin.script(apiKey, [step]);
    const client = createAnthropicClient(createProviderConnections('public'));
    const answer = await client.message({
      ...{ apiKey, target: targetOf('m', { baseUrl: twin.anthropicBaseUrl }) },
      ...{ prompt: 'What is this?', maxTokens: 100, thinking: undefined, timeoutMs: timeoutMs(step) },
    });
    return answer.cost;
  };
  return { embedding, message };
}

async function costAt(baseUrl: string, timeoutMs: number, apiKey = twinKey()): Promise<Cost> {
  const answer = await askClient(targetOf('m', { baseUrl }), { apiKey, timeoutMs });
  return answer.cost;
}

const vector = (index: number) => ({ index, embedding: [1, 0] });

function raw(body: object): TwinStep {
  return { kind: 'raw', body: JSON.stringify(body) };
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
