/** What a provider says of one of its limits. */
export interface RateWindow {
  readonly left: number;
  /** The most that can be left, where the provider says so. */
  readonly limit?: number;
  /** When the limit begins anew, in milliseconds from now, at most five minutes. */
  readonly resetInMs: number;
}

/** What the headers of an answer say of the key's limits: the tightest one of each kind. */
export interface RateLimits {
  readonly requests?: RateWindow;
  readonly tokens?: RateWindow;
}

/** A window before its numbers are checked. A reset that is not known is a minute away, the usual length of a window. */
export interface ReadWindow {
  readonly kind: keyof RateLimits;
  readonly left: number | undefined;
  readonly limit: number | undefined;
  readonly resetInMs: number | undefined;
}
