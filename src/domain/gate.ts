/** What the proposal gate says of a new article. */
export const gateVerdicts = ['duplicate', 'low_novelty', 'novel', 'unknown', 'skipped'] as const;
export type GateVerdict = (typeof gateVerdicts)[number];
