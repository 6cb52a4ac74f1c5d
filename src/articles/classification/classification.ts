/** The statuses of a classification. `blocked`: the tenant has to act. `failed`: given up, and a person chooses. */
export const classificationStatuses = ['pending', 'classified', 'blocked', 'failed'] as const;
export type ClassificationStatus = (typeof classificationStatuses)[number];

/** An article's classification as clients see it (`classification` in the article). */
export interface ClassificationState {
  readonly status: ClassificationStatus;
  /** Why it is blocked, failed or waiting: a code of the failure table. */
  readonly reason: string | null;
  /** How sure the model is, from 0 to 1. */
  readonly confidence: number | null;
  readonly classifiedAt: Date | null;
}
