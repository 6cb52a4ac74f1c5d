import { describe, expect } from 'vitest';
import { failsOnWord, refusesWord, takesBatches } from '../../support/provider-refusals.ts';
import { sections } from './gate-api.ts';
import { factsOfProposals } from './proposal-facts.ts';

const it = factsOfProposals({ BREAKER_FAILURES: '3', GATE_MAX_CHUNKS: '16' });

describe('a proposal whose vectors the provider refuses', () => {
  it('as too many at once is compared after smaller calls, and their size is remembered', async ({
    twin,
    proposer,
  }) => {
    // How the provider is asked is found out first.
    await proposer.post({ title: 'Before', body: 'Words.' });
    const before = proposer.calls();
    twin.script(proposer.key, [], takesBatches(5));
    const { status, body } = await proposer.post({ title: 'One', body: sections(12) });
    expect([status, body.meta.gate.verdict, body.meta.gate.reason]).toEqual([201, 'novel', null]);
    const sizes = () =>
      twin
        .callsOf(proposer.key)
        .slice(before)
        .map(({ inputs }) => inputs.length);
    // Twelve sections and the card.
    expect(sizes()).toEqual([13, 7, 4, 3, 4, 2]);
    await proposer.post({ title: 'Two', body: sections(6, 'another part') });
    expect(sizes().slice(6)).toEqual([4, 3]);
  });

  it('for one text is compared without it, created, and never a duplicate', async ({ twin, proposer }) => {
    twin.script(proposer.key, [], refusesWord('part 2 '));
    const fields = { title: 'One', body: sections(5) };
    const first = await proposer.post(fields);
    expect([first.status, first.body.meta.gate.verdict]).toEqual([201, 'novel']);
    const calls = proposer.calls();
    expect(calls).toBeLessThanOrEqual(1 + 2 * 3);
    // The refused text is known by now.
    const more = `${sections(5)}\n\n## More\n\nAnother thing, of its own.`;
    const second = await proposer.post({ title: 'One', body: more });
    expect([second.status, second.body.meta.gate.reason]).toEqual([201, null]);
    expect(proposer.calls()).toBe(calls + 1);
  });

  it('as a whole is created as asked, and the gate says why it cannot tell', async ({ twin, proposer }) => {
    twin.script(proposer.key, [], refusesWord('part', 422));
    const { status, body } = await proposer.post({ title: 'One', body: sections(2) });
    expect([status, body.data.status]).toEqual([201, 'published']);
    expect(body.meta.gate).toMatchObject({ verdict: 'unknown', reason: 'input_rejected' });
    // Two sections and the card, together and apart.
    expect(proposer.calls()).toBe(5);
  });

  it('with a failure each time opens no breaker, however often it is proposed', async ({
    twin,
    service,
    proposer,
  }) => {
    twin.script(proposer.key, [], failsOnWord('BAD'));
    for (let i = 0; i < 6; i += 1) {
      expect((await proposer.post({ title: 'BAD', body: 'Words.' })).status).toBe(201);
      // Another proposal passes.
      const other = await proposer.post({ title: `Good ${i}`, body: `Words of ${i}.`, status: 'draft' });
      expect(other.body.meta.gate.reason).toBe(null);
    }
    const { embedding } = await service.services.providerStates.view(proposer.tenant.id);
    expect(embedding.state).toBe('closed');
    // From the third failure on nothing is sent.
    expect(twin.callsOf(proposer.key).filter(({ billed }) => !billed)).toHaveLength(3);
  });
});
