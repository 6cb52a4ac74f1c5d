import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import { nonRetryableCodes } from '../src/domain/failures.ts';
import { operations } from '../src/domain/operations.ts';

/** Derived from the failure table: what no retry can mend is not retried. */
const nonRetryableErrorTypes = [...nonRetryableCodes];

/**
 * How long an article is worth retrying. A day outlasts a provider's bad day and a night without an operator, and after
 * it somebody should look: the article shows the code and can be retried by hand.
 */
export const retryForMs = 24 * 60 * 60_000;

/** Steps that talk to Postgres and Vault only: milliseconds when all is well. */
export const bookkeeping: LocalActivityOptions = {
  // One transaction, or one decryption. A database that needs longer is down, and the next try finds out sooner.
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: retryForMs,
  // Short outages are waited for inside the workflow task; longer ones on the server's timers.
  localRetryThreshold: '5 seconds',
  retry: {
    // A restart of Postgres or an unseal takes seconds.
    initialInterval: '500 milliseconds',
    backoffCoefficient: 2,
    // A long outage is noticed to be over within half a minute.
    maximumInterval: '30 seconds',
    nonRetryableErrorTypes,
  },
};

/** The provider call. */
export const providerCall: ActivityOptions = {
  // Above one attempt's own time-out (at most 40 s) and the transactions around it. It is also how long the death of a
  // worker goes unnoticed, so no more than that.
  startToCloseTimeout: operations.embedding.startToCloseMs,
  scheduleToCloseTimeout: retryForMs,
  retry: {
    // The first retry hides a blip from the author.
    initialInterval: '2 seconds',
    backoffCoefficient: 2,
    // A provider's outage is noticed to be over within five minutes, at 12 calls an hour.
    maximumInterval: '5 minutes',
    // No maximumAttempts: a Retry-After would use them up. The time above bounds it.
    nonRetryableErrorTypes,
  },
};

/** Waits for a slot among the tenant's other calls: as long as a quick call at first, then as a slow one. */
export const busyWaits = { growth: 1.5, longestMs: 10_000 };

/** Platform work that pages through rows and signals workflows. */
export const sweep: ActivityOptions = {
  // A page of signals, each with its own deadline of seconds, and some transactions.
  startToCloseTimeout: '2 minutes',
  // The schedule's next run makes up for what this one did not do.
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** Pages of a tenant's backlog: as patient as the articles themselves. */
export const backlogPage: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: retryForMs,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
};
