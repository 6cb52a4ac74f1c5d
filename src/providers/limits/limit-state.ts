/** A limit of requests or tokens as it is known. What is left counts the calls under way as made. */
export interface Window {
  /** The most that can be left: told by the provider, or the most that was seen. */
  readonly limit: number;
  readonly left: number;
  /** When this window was learned. A call that began before has nothing new to say about it. */
  readonly sinceMs: number;
  readonly resetAtMs: number;
}

/** Who ends a pause of a key: the provider, who names a time or lets a probe pass, or the bill or the day's quota. */
export const pausedBys = ['provider', 'quota'] as const;
export type PausedBy = (typeof pausedBys)[number];

/** What limits a tenant's key. */
export const limitedBys = ['requests', 'tokens', ...pausedBys] as const;
export type LimitedBy = (typeof limitedBys)[number];

/** A pause of a key. It goes on after its end, half-open, until a call succeeds. */
export interface Pause {
  readonly by: PausedBy;
  readonly untilMs: number;
  /** Pauses in a row. The next one grows with them. */
  readonly times: number;
  /** While one call tries whether the pause is over, no other does. */
  readonly probeUntilMs: number | null;
}

/** What is known of the limits of a tenant's key at a provider. Times are those of the database's clock. */
export interface LimitState {
  readonly keyVersion: number;
  readonly requests: Window | null;
  readonly tokens: Window | null;
  readonly pause: Pause | null;
  /** Every pause and every end of one raises it. What a call says that began before changes no pause. */
  readonly epoch: number;
}

/** A key of which nothing is known. */
export const unlimited = (keyVersion: number): LimitState => ({
  keyVersion,
  requests: null,
  tokens: null,
  pause: null,
  epoch: 0,
});

/** Why no call is made now, and until when. */
export interface Limited {
  readonly by: LimitedBy;
  readonly untilMs: number;
}
