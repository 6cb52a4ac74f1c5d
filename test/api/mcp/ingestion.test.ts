import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { twinKey } from '../../support/provider-twin.ts';
import { factsOfMcp } from './mcp-facts.ts';

const test = factsOfMcp();

const document = { content: '# Retries\n\nRetries need a budget.', source_type: 'note' };

describe('the tool ingest', () => {
  test('is refused without an Anthropic key, and says what to do', async ({ connect }) => {
    const answer = await (await connect('new', 'orchestrator')).call('ingest', document);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'no_api_key',
      message: expect.stringContaining('`api_key`'),
      next_step: expect.stringContaining('Set a key'),
    });
  });

  test('queues a document once, whose state ingestion_status tells', async ({ connect, tenant }) => {
    await tenant.setAnthropicKey(twinKey());
    const client = await connect('new', 'orchestrator');
    const first = await client.call('ingest', document);
    expect(first.data).toEqual({ job: { id: expect.any(String), status: 'queued' }, given_before: false });
    const { id } = first.data.job;
    const second = await client.call('ingest', document);
    expect(second.data).toMatchObject({ job: { id }, given_before: true });
    const state = await client.call('ingestion_status', { id });
    expect(state.data).toMatchObject({ id, status: 'queued', article_ids: [], failed_parts: [], omitted: 0 });
    expect(state.text).toContain('ask again');
  });

  test('takes one document, and from an address none that is published at once', async ({ connect }) => {
    const client = await connect('new', 'orchestrator');
    const both = await client.call('ingest', { ...document, url: 'https://example.com/' });
    expect(JSON.parse(both.text)).toMatchObject({ code: 'validation_failed' });
    const unknown = await client.call('ingestion_status', { id: randomUUID() });
    expect(JSON.parse(unknown.text)).toMatchObject({
      code: 'not_found',
      next_step: expect.stringContaining('`ingest`'),
    });
    const published = { url: 'https://example.com/', source_type: 'note', publish: true };
    const refused = await client.call('ingest', published);
    expect(JSON.parse(refused.text)).toMatchObject({ errors: [{ path: 'publish' }] });
  });
});
