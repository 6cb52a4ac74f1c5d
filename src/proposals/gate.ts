import type { ArticleSource } from '../domain/article-text.ts';
import { createKeyedMutex } from '../platform/async/keyed-mutex.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { compareInTurn } from './comparison-in-turn.ts';
import { cannotTell, type Keep } from './decision.ts';
import { type Attempt, attemptWrite, type JudgedWrite } from './judged-write.ts';
import type { Proposals } from './vectors.ts';

export interface Gate {
  /**
   * Embeds a proposal and runs its write, which asks the judge before it creates anything. Whatever fails in between, or takes
   * longer than the author's patience, costs the verdict and not the article: the write is then run with a judge that cannot
   * tell. What was paid for is kept all the same, unless it was the keeping that failed.
   */
  propose<T>(tenantId: string, text: ArticleSource, write: JudgedWrite<T>): Promise<T>;
}

export interface GateDeps {
  readonly proposals: Proposals;
  readonly log: Logger;
  /** All that a proposal waits for its verdict: provider, custody, turn and comparison together. */
  readonly timeoutMs: number;
}

/** The proposal gate: does an article say this already? */
export function createGate({ proposals, log, timeoutMs }: GateDeps): Gate {
  const mutex = createKeyedMutex();

  const failedOpen = (tenantId: string, attempt: Exclude<Attempt<unknown>, { kind: 'written' }>) => {
    if (attempt.kind === 'too_late') {
      log.warn(
        { tenant_id: tenantId },
        'a proposal was let through: its turn or its comparison took too long',
      );
      return;
    }
    log.error({ error: attempt.error, tenant_id: tenantId }, 'the proposal gate failed and let one through');
  };

  return {
    async propose(tenantId, text, write) {
      const endsAt = performance.now() + timeoutMs;
      const leftMs = () => Math.max(0, endsAt - performance.now());
      const embedded = await proposals.embed(tenantId, text, leftMs());
      if (embedded.kind === 'failed') return write(cannotTell(embedded));
      const { proposal } = embedded;
      const keep: Keep = (tx, article) => proposals.keep(tx, tenantId, article, proposal);

      // Left when the write is over, and not when it is given up: one connection a tenant is the most that waits for the lock.
      const release = await mutex.acquire(tenantId, leftMs());
      const judged =
        release === undefined
          ? { kind: 'too_late' as const }
          : await attemptWrite(
              (judge) => write(judge).finally(release),
              (tx, wanted) => compareInTurn(proposals, tx, tenantId, wanted, { proposal, keep, leftMs }),
              leftMs(),
            );
      if (judged.kind === 'written') return judged.result;
      failedOpen(tenantId, judged);

      if (judged.kind === 'too_late' || judged.during === 'comparing') {
        const kept = await attemptWrite(write, cannotTell({ code: 'internal' }, keep));
        if (kept.kind === 'written') return kept.result;
        failedOpen(tenantId, kept);
      }
      return write(cannotTell({ code: 'internal' }));
    },
  };
}
