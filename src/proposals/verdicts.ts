/** What the proposal gate says of a new article. */
export const gateVerdicts = ['duplicate', 'low_novelty', 'novel', 'unknown', 'skipped'] as const;
export type GateVerdict = (typeof gateVerdicts)[number];

/** An article that says this much of a proposal makes it a duplicate. */
export const duplicateFrom = 0.97;
/** An article that says this much of it leaves the proposal a draft, for a person to look at. */
export const lowNoveltyFrom = 0.88;
