/** npm and the terminal may both send the signal of one Ctrl-C. */
const sameKeyPressMs = 2_000;

export interface StopSignals {
  /** Resolves at the first signal after `allowOrderlyStop`. */
  readonly asked: Promise<void>;
  /** From now on a first signal asks for an orderly stop. Before it, and at a second one, the process exits at once. */
  allowOrderlyStop(): void;
}

/** Catches Ctrl-C and the other signals that end a process. When it exits at once, the watchdog ends what it has started. */
export function catchStopSignals(log: (line: string) => void): StopSignals {
  let canStopOrderly = false;
  let askedAtMs: number | undefined;
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        const isSameKeyPress = askedAtMs !== undefined && Date.now() - askedAtMs < sameKeyPressMs;
        if (isSameKeyPress) return;
        if (!canStopOrderly || askedAtMs !== undefined) process.exit(130);
        askedAtMs = Date.now();
        log('\nstopping …');
        resolve();
      });
    }
  });
  return {
    asked,
    allowOrderlyStop: () => {
      canStopOrderly = true;
    },
  };
}
