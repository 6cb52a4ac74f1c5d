/**
 * Divides a total among needs: each gets what it needs or an equal share, and what small needs leave over goes to the larger ones. The
 * shares are whole, and together at most the total.
 */
export function fairShares(needs: readonly number[], total: number): number[] {
  const shares = needs.map(() => 0);
  let left = Math.max(0, Math.floor(total));
  const bySize = needs.map((need, index) => ({ need, index })).sort((a, b) => a.need - b.need);
  bySize.forEach(({ need, index }, place) => {
    const share = Math.min(need, Math.floor(left / (needs.length - place)));
    shares[index] = share;
    left -= share;
  });
  return shares;
}
