const dayMs = 86_400_000;
const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);

/** The period of yesterday and today (UTC), so that a report is whole though midnight passes, or a test dates a call back. */
export function recentDays(): { readonly from: string; readonly to: string } {
  const nowMs = Date.now();
  return { from: dayOf(nowMs - dayMs), to: dayOf(nowMs) };
}
