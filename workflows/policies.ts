import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import { nonRetryableCodes } from '../src/domain/failures.ts';
import { operations } from '../src/domain/operations.ts';
import { retryForMs } from '../src/domain/retry-waits.ts';

/** The codes that are not retried, from the failure table. */
const nonRetryableErrorTypes = [...nonRetryableCodes];

/** The steps that call Postgres and Vault only. They usually take milliseconds. */
export const bookkeeping: LocalActivityOptions = {
  // A step is one transaction or one decryption. A database that needs longer is down, and the next attempt fails sooner.
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: retryForMs,
  // Shorter waits stay inside the workflow task; longer ones become timers of the server.
  localRetryThreshold: '5 seconds',
  retry: {
    // A restart of Postgres or an unseal of Vault takes seconds.
    initialInterval: '500 milliseconds',
    backoffCoefficient: 2,
    // After a long outage of Postgres the step succeeds within half a minute. No signal could end this wait earlier, since a
    // signal is the effect of a write. What can be ended, such as a wait for Vault, is an answer of the step.
    maximumInterval: '30 seconds',
    nonRetryableErrorTypes,
  },
};

/** The provider call. */
export const providerCall: ActivityOptions = {
  // Above an attempt's own time-out (at most 40 s) and the transactions around it. It is not longer, since the death of a
  // worker is noticed only after this time.
  startToCloseTimeout: operations.embedding.startToCloseMs,
  retry: {
    // For a worker that died, an error of ours, and an answer that cannot be used. A failure that the service expects is an
    // answer of the activity: the workflow waits, where a signal ends the wait.
    initialInterval: '2 seconds',
    backoffCoefficient: 2,
    // Waits of 2, 4 and 8 seconds. From 10 seconds on a wait is the workflow's.
    maximumAttempts: 4,
    nonRetryableErrorTypes,
  },
};

/** The call for an article's category. A short answer comes in seconds, and everything else is as for vectors. */
export const classifierCall: ActivityOptions = {
  ...providerCall,
  startToCloseTimeout: operations.classification.startToCloseMs,
};

/** A question to a chat model about a part of a document or a review. A document's articles are made in it as well. */
export const chatCall: ActivityOptions = {
  ...providerCall,
  // A model writes for longer than it reads: above the longest attempt of an extraction and the transactions around it.
  startToCloseTimeout: operations.extraction.startToCloseMs,
};

/** The articles of a stored answer, each of which is compared with the existing ones by a call. What has become one is not made again. */
export const articleMaking: ActivityOptions = {
  ...providerCall,
  // The articles of one run at five seconds of the gate each, and a fifth more. Not longer, for a worker that dies.
  startToCloseTimeout: '90 seconds',
};

/** Waits for a slot, or for chunks, of the tenant's other calls: first as long as a quick call, then as long as a slow one. */
export const busyWaits = { growth: 1.5, longestMs: 10_000 };

/** The activities of Reconcile, which read pages of rows and signal workflows. */
export const sweep: ActivityOptions = {
  // A page of signals, each with a deadline of seconds, and some transactions.
  startToCloseTimeout: '2 minutes',
  // The next run of the schedule does the rest.
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** The activities of EmbedBacklog. They are retried for as long as an article is. */
export const backlogPage: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: retryForMs,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
};

/** The fetching and reading of a document. */
export const documentReading: ActivityOptions = {
  // A fetch (at most 15 s), a process for a document (at most 50 s with the wait for it), and a few transactions. Not longer,
  // for a worker that dies.
  startToCloseTimeout: '90 seconds',
  retry: {
    // For a worker that died and errors of ours. What is expected, such as a busy process, is an answer.
    initialInterval: '2 seconds',
    backoffCoefficient: 2,
    // Waits of 2, 4 and 8 seconds. From 10 seconds on a wait is the workflow's.
    maximumAttempts: 4,
    nonRetryableErrorTypes,
  },
};

/**
 * Parts of one document that are asked about at once. Four hide each other's waits, and are half of a tenant's slots, so that its
 * vectors and other documents go on.
 */
export const partsAtOnce = 4;
