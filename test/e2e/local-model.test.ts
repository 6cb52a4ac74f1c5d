import { expect, inject, it } from 'vitest';

const embed = (input: readonly string[]) =>
  fetch(`${inject('embeddingUrl')}/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'multilingual-e5-small', input, input_type: 'passage' }),
  });

it('outlives a text of characters that grow when they are normalised', async () => {
  const answer = await embed(['\ufdfa'.repeat(200)]);
  expect(answer.status).toBe(200);
  expect((await embed(['and goes on'])).status).toBe(200);
}, 120_000);
