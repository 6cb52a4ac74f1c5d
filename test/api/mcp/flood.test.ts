import { describe, expect } from 'vitest';
import { twinKey } from '../../support/provider-twin.ts';
import { eventually } from '../../support/running-service.ts';
import { factsOfMcp } from './mcp-facts.ts';

const it = factsOfMcp();

/** Requests that one tenant may have under way, by whichever way they come. */
const requestsOfTenant = 24;

describe('a flood of MCP requests of one tenant', () => {
  it('is within its share of requests, while another tenant is answered by MCP and by HTTP', async ({
    service,
    twin,
    key,
    connect,
  }) => {
    let answer = (): void => undefined;
    const heldUntil = new Promise<void>((resolve) => {
      answer = resolve;
    });
    // The gate of each proposal waits for its vectors.
    twin.script(key, [], { kind: 'ok', heldUntil });
    const flooding = await connect('new', 'agent');
    const flood = Array.from({ length: 100 }, (_, number) =>
      flooding.call('propose_article', {
        ...{ title: `Flood ${number}`, body: `Words of flood ${number}.`, category: 'finding' },
      }),
    );
    await eventually(async () => (twin.callsOf(key).length > 0 ? true : undefined));

    const calm = await service.createTenant(twinKey());
    const other = await connect('new', 'agent', '', calm);
    const proposed = await other.call('propose_article', {
      ...{ title: 'Calm', body: 'Some calm words.', category: 'finding' },
    });
    expect(proposed.isError).toBe(false);
    const listed = await service.call(calm.keys.agent, 'GET', '/articles');
    expect(listed.body.data).toMatchObject([{ title: 'Calm' }]);

    answer();
    await Promise.allSettled(flood);
    expect(twin.mostAtOnce(key)).toBeGreaterThan(1);
    expect(twin.mostAtOnce(key)).toBeLessThanOrEqual(requestsOfTenant);
  }, 90_000);
});
