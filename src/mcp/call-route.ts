import type { FieldError } from '../platform/http/problem.ts';
import type { HttpMethod } from '../platform/http/route.ts';

/** A call of a declared route. */
export interface RouteCall {
  readonly method: HttpMethod;
  /** The path as it is declared, with its parameters: `/articles/:id`. */
  readonly path: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal or failure, with what an agent does about it. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: string;
  readonly message: string;
  readonly nextStep: string;
  readonly errors?: readonly FieldError[];
}

export type RouteAnswer =
  | { readonly kind: 'reply'; readonly status: number; readonly body: unknown }
  | Refusal;

/**
 * Calls a route with the API key of the MCP client. Tools do nothing else, so that roles, limits, idempotency and the audit log
 * hold for them as for every client. It never rejects: a failure is a refusal.
 */
export type CallRoute = (call: RouteCall) => Promise<RouteAnswer>;
