/**
 * The result of the work, or `late` when it takes longer than `timeoutMs` milliseconds. Rejects as the work rejects. The work
 * is not cancelled, since other callers may wait for it, too.
 */
export async function withTimeout<T, L>(work: Promise<T>, timeoutMs: number, late: L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<L>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, late);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
