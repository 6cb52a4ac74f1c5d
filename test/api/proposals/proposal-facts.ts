import { factsOfService } from '../../support/fixtures.ts';
import { createProposer, type Proposer } from './gate-api.ts';

/** For facts about many proposals, or long ones: on a busy machine the gate would give up, which other facts are about. */
export const withTime = { EMBEDDING_TIMEOUT_MS: '20000', GUARD_TIMEOUT_MS: '30000' } as const;

/** Facts about proposals over real HTTP and with real Temporal: `proposer` is new for each fact, `newProposer` makes another. */
export const factsOfProposals = (environment: Readonly<Record<string, string>> = {}) =>
  factsOfService(() => ({ EMBEDDING_DEFAULT_MODEL: 'a-model', ...environment }))
    .extend(
      'newProposer',
      { scope: 'file' },
      ({ service, twin }): (() => Promise<Proposer>) =>
        () =>
          createProposer(service, twin),
    )
    .extend('proposer', ({ newProposer }) => newProposer());
