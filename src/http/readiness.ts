import type { RequestHandler } from 'express';
import { createSharedCache } from '../platform/async/shared-cache.ts';
import { withTimeout } from '../platform/async/with-timeout.ts';
import { type Reply, reply } from '../platform/http/route.ts';
import type { RecentFailure } from '../providers/status/recent-causes.ts';
import { send } from './send.ts';

/** A server that the process depends on. */
export interface Dependency {
  readonly name: string;
  /** What does not work without it, in one sentence. */
  readonly degrades: string;
  /** Whether the process can serve nothing without it. */
  readonly required: boolean;
  /** Whether it answers now. A rejection counts as false. */
  check(): Promise<boolean>;
}

/** A dependency that does not answer a trivial check within this time counts as down. */
const checkTimeoutMs = 2_000;

/**
 * `/readyz`: every dependency by name, and what degrades without it. It answers 503 only when a required dependency is down, so
 * that a process that still serves most calls stays in the load balancer. How connections to providers have failed lately stands
 * beside them and decides nothing. The dependencies are checked once in `keepMs`, however many requests come.
 */
export function readiness(
  dependencies: readonly Dependency[],
  recentFailures: () => readonly RecentFailure[],
  keepMs: number,
): RequestHandler {
  const answers = createSharedCache<Reply>({
    ttlMs: keepMs,
    maxSize: 1,
    sizeOf: () => 1,
    worthKeeping: () => true,
  });
  return async (request, response) => {
    const answer = () => checkAll(dependencies, recentFailures);
    await send(request, response, await answers.get('readiness', answer));
  };
}

/** 503 only when a required one is away: a process that still serves most of its calls must stay in the load balancer. */
async function checkAll(
  dependencies: readonly Dependency[],
  recentFailures: () => readonly RecentFailure[],
): Promise<Reply> {
  const checks = await Promise.all(
    dependencies.map(async (dependency) => {
      const { name, degrades, required } = dependency;
      const ok = await isUp(dependency);
      return { name, required, ok, ...(ok ? {} : { degrades }) };
    }),
  );
  const ready = checks.every(({ ok, required }) => ok || !required);
  const everythingUp = checks.every(({ ok }) => ok);
  const status = ready ? (everythingUp ? 'ready' : 'degraded') : 'not_ready';
  return reply(ready ? 200 : 503, {
    status,
    dependencies: checks,
    provider_failures: recentFailures().map(({ lastAt, ...failure }) => ({
      ...failure,
      last_at: lastAt.toISOString(),
    })),
  });
}

async function isUp(dependency: Dependency): Promise<boolean> {
  try {
    return await withTimeout(dependency.check(), checkTimeoutMs, false);
  } catch {
    return false;
  }
}
