import type { RequestHandler } from 'express';
import { withTimeout } from '../platform/async/with-timeout.ts';
import { reply } from '../platform/http/route.ts';
import { send } from './send.ts';

/** Something outside that the process works with. */
export interface Dependency {
  readonly name: string;
  /** What does not work without it, in one sentence. */
  readonly degrades: string;
  /** Whether the process is of no use without it. */
  readonly required: boolean;
  check(): Promise<boolean>;
}

/** A dependency that does not answer a trivial question in this time is as good as gone. */
const checkTimeoutMs = 2_000;

/**
 * `/readyz`: every dependency by name, and what degrades without it. 503 only when a required one is away: a process that
 * still serves most of its calls must not be taken out of the load balancer.
 */
export function readiness(dependencies: readonly Dependency[]): RequestHandler {
  return async (request, response) => {
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
    send(request, response, reply(ready ? 200 : 503, { status, dependencies: checks }));
  };
}

async function isUp(dependency: Dependency): Promise<boolean> {
  try {
    return await withTimeout(dependency.check(), checkTimeoutMs, false);
  } catch {
    return false;
  }
}
