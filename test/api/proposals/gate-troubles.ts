import type { CuttableLink } from '../../support/cuttable-link.ts';
import { type ProviderTwin, type TwinStep, twinDimensions } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import { answerWith, type Proposer } from './gate-api.ts';

/** What a trouble acts on: a proposer, its provider, the service, and the service's link to Vault. */
interface Scene {
  readonly proposer: Proposer;
  readonly twin: ProviderTwin;
  readonly service: RunningService;
  readonly vault: CuttableLink;
}

export interface Trouble {
  readonly name: string;
  begin(scene: Scene): unknown;
  end?(scene: Scene): unknown;
  readonly reason: string;
  /** Provider calls that the proposal makes. */
  readonly calls: number;
  readonly retryAt?: true;
}

const status = (code: number, extra: object = {}): TwinStep => ({ kind: 'status', status: code, ...extra });

/** The provider does this from now on. */
const always =
  (step: TwinStep) =>
  ({ twin, proposer }: Scene) =>
    twin.script(proposer.key, [], step);

const openBreaker = ({ service, proposer }: Scene) =>
  service.db.rawAsOwner(
    `insert into breakers (tenant_id, provider, key_version, epoch, opened_times, open_until)
     values ($1, 'embedding', 1, 1, 1, clock_timestamp() + interval '20 seconds')`,
    [proposer.tenant.id],
  );

const setBudget = ({ service, proposer }: Scene) =>
  service.call(proposer.tenant.keys.user, 'PATCH', '/tenants/me/llm-config', { monthly_token_budget: 1 });

/** Everything that keeps the gate from a decision, with the reason that the answer gives for it. */
export const troubles: readonly Trouble[] = [
  {
    name: 'has no key',
    begin: ({ proposer }) => proposer.tenant.setEmbeddingKey(null),
    reason: 'no_api_key',
    calls: 0,
  },
  {
    name: 'has a key that the provider rejects',
    begin: always(status(401)),
    reason: 'credential_rejected',
    calls: 1,
  },
  {
    name: 'has a key that was rejected before',
    begin: async ({ twin, proposer }) => {
      twin.script(proposer.key, [status(401)]);
      await proposer.post({ title: 'Before' });
    },
    reason: 'credential_rejected',
    calls: 0,
  },
  {
    name: 'has no quota left',
    begin: always(status(402)),
    reason: 'quota_exhausted',
    calls: 1,
    retryAt: true,
  },
  {
    name: 'names a model that is not there',
    begin: always(status(404)),
    reason: 'model_not_found',
    calls: 1,
  },
  {
    name: 'writes what the provider refuses',
    begin: always(status(400)),
    reason: 'input_rejected',
    // The passage and the card together, then each apart.
    calls: 3,
  },
  {
    name: 'asks too often',
    begin: always(status(429, { headers: { 'retry-after': '7' } })),
    reason: 'provider_rate_limited',
    calls: 1,
    retryAt: true,
  },
  { name: 'meets an outage', begin: always(status(503)), reason: 'provider_unavailable', calls: 1 },
  {
    name: 'is cut off',
    begin: always({ kind: 'cut', after: 'half' }),
    reason: 'provider_unavailable',
    calls: 1,
  },
  { name: 'gets no answer', begin: always({ kind: 'hang' }), reason: 'provider_timeout', calls: 1 },
  {
    name: 'gets an answer that never ends',
    begin: always({ kind: 'trickle' }),
    reason: 'provider_timeout',
    calls: 1,
  },
  {
    name: 'gets too few vectors',
    begin: always(answerWith([])),
    reason: 'malformed_response',
    calls: 1,
  },
  {
    name: 'gets vectors of another dimension',
    begin: async ({ twin, proposer }) => {
      await proposer.post({ title: 'Before' });
      twin.script(proposer.key, [], { kind: 'ok', dimensions: twinDimensions / 2 });
    },
    reason: 'malformed_response',
    calls: 1,
  },
  { name: 'has an open breaker', begin: openBreaker, reason: 'circuit_open', calls: 0, retryAt: true },
  { name: 'has no budget left', begin: setBudget, reason: 'budget_exhausted', calls: 0, retryAt: true },
  {
    name: 'meets a Vault that is away',
    begin: ({ vault }) => vault.cut(),
    end: ({ vault }) => vault.restore(),
    reason: 'vault_unavailable',
    calls: 0,
  },
  {
    name: 'has a key that Vault cannot open',
    begin: ({ service, proposer }) =>
      service.db.rawAsOwner(
        `update provider_keys set ciphertext = regexp_replace(ciphertext, '.{8}$', 'AAAAAAA=') where tenant_id = $1`,
        [proposer.tenant.id],
      ),
    reason: 'key_unusable',
    calls: 0,
  },
  {
    name: 'meets a bug in the gate',
    begin: ({ service }) => service.db.rawAsOwner('alter table provider_keys rename to hidden'),
    end: ({ service }) => service.db.rawAsOwner('alter table hidden rename to provider_keys'),
    reason: 'internal',
    calls: 0,
  },
];
