import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { statementsOf } from '../../../src/domain/sentences/statements.ts';
import { answerWith, axis, type Proposer } from './gate-api.ts';
import { factsOfProposals, withTime } from './proposal-facts.ts';

// The worst provider there is: to it all texts are the same.
const it = factsOfProposals({ ...withTime, GATE_MAX_CHUNKS: '64' }).extend(
  'blind',
  async ({ twin, newProposer }): Promise<Proposer> => {
    const proposer = await newProposer();
    const same = (inputs: readonly string[]) => answerWith(inputs.map(() => axis(0)));
    twin.script(proposer.key, [], { kind: 'by', step: same });
    return proposer;
  },
);

const title = 'Waits of the pool';

describe('a correction of an article, to a provider that sees no difference', () => {
  it.for([
    ['a number', 'The pool waits 5 seconds.', 'The pool waits 6 seconds.'],
    ['a not', 'Retries are safe here.', 'Retries are not safe here.'],
    ['a unit', 'It waits 5 ms in all.', 'It waits 5 s in all.'],
    ['a name', 'Amara signs off each change.', 'Bruno signs off each change.'],
    ['a German nicht', 'Das ist hier erlaubt.', 'Das ist hier nicht erlaubt.'],
    ['a Chinese 不', '连接池会等待五秒。', '连接池不会等待五秒。'],
    ['a Russian не', 'Повторы здесь безопасны.', 'Повторы здесь не безопасны.'],
    ['an Arabic لا', 'هذا مسموح به هنا.', 'هذا لا مسموح به هنا.'],
    ['a line of code', '```sh\nrm -r a\n```', '```sh\nrm -r b\n```'],
    ['a cell', '|name|wait|\n|-|-|\n|pool|5 s|', '|name|wait|\n|-|-|\n|pool|6 s|'],
  ])('of %s is a draft that shows what differs', async ([_, existing, proposal], { blind }) => {
    const { id } = (await blind.post({ title, body: existing })).body.data;
    const answer = await blind.post({ title, body: proposal });
    expect(answer.status).toBe(201);
    expect(answer.body.data).toMatchObject({ status: 'draft', body: proposal });
    const { gate } = answer.body.meta;
    expect(gate).toMatchObject({ verdict: 'low_novelty', similarity: 1, nearest: [{ id }] });
    expect(gate.differs).toHaveLength(1);
    expect(gate.differs[0].proposal).not.toBe(gate.differs[0].existing);
    // The same correction again is the draft.
    const again = await blind.post({ title, body: proposal });
    expect([again.status, again.body.data.id]).toEqual([200, answer.body.data.id]);
  });

  it('keeps each of several versions, and finds the one that is proposed again', async ({ blind }) => {
    const post = (wait: number) => blind.post({ title, body: `The pool waits ${wait} seconds.` });
    const ids = [];
    for (const wait of [5, 6, 7, 8]) ids.push((await post(wait)).body.data.id);
    expect(new Set(ids).size).toBe(4);
    const again = await Promise.all([8, 5, 7].map(async (wait) => (await post(wait)).body.data.id));
    expect(again).toEqual([ids[3], ids[0], ids[2]]);
  });

  it('in a long text is found in a thread, and the whole text is a duplicate of itself', async ({
    blind,
  }) => {
    const lines = (last: string) =>
      `${Array.from({ length: 200 }, (_, at) => `Step ${at} takes the pool ${at * 7} ms, as it was measured.`).join('\n\n')}\n\n${last}`;
    const body = lines('It is safe to repeat.');
    // Both texts together are long.
    expect(2 * body.length).toBeGreaterThan(20_000);
    const { id } = (await blind.post({ title, body })).body.data;
    const same = await blind.post({ title, body: body.toUpperCase().replaceAll(' MS', ' ms') });
    expect([same.status, same.body.data.id]).toEqual([200, id]);
    const { gate } = (await blind.post({ title, body: lines('It is not safe to repeat.') })).body.meta;
    expect(gate.differs).toEqual([
      { proposal: 'It is not safe to repeat.', existing: 'It is safe to repeat.' },
    ]);
  });
});

describe('whatever is proposed', () => {
  it('stands in an article afterwards, sentence for sentence', async ({ service, blind }) => {
    const word = fc.constantFrom(
      'the pool',
      'waits',
      '5',
      '6',
      'ms',
      's',
      'not',
      'Amara',
      'C',
      'C++',
      '不',
      '`x`',
      '**b**',
    );
    const end = fc.constantFrom('. ', '! ', '\n\n', '\n- ', '\n1. ', '\n## ', ': ');
    const text = fc
      .array(fc.oneof({ weight: 3, arbitrary: word.map((each) => `${each} `) }, end), {
        minLength: 1,
        maxLength: 8,
      })
      .map((parts) => parts.join(''));
    const titles = fc.constantFrom('Pool', 'POOL', 'Waits');
    await fc.assert(
      fc.asyncProperty(titles, text, async (name, body) => {
        const answer = await blind.post({ title: name, body });
        expect([200, 201]).toContain(answer.status);
        const holds = await service.call(blind.tenant.keys.user, 'GET', `/articles/${answer.body.data.id}`);
        const there = new Set(statementsOf(holds.body.data).all.map(({ folded }) => folded));
        const missing = statementsOf({ title: name, body }).all.filter(({ folded }) => !there.has(folded));
        expect(missing).toEqual([]);
      }),
      { numRuns: 30 },
    );
  }, 240_000);
});
