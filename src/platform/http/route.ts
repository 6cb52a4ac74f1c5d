import type { z } from 'zod';
import type { Actor } from '../../domain/actor.ts';
import type { Role } from '../../domain/roles.ts';
import type { Transaction } from '../postgres/database.ts';
import type { Problem, ProblemCode } from './problem.ts';
import type { DeclaredUpload, Upload } from './upload.ts';

/** An answer that is not a problem. `body` is absent for 204. */
export interface Reply {
  readonly kind: 'reply';
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Creates a reply. */
export function reply(status: number, body?: unknown, headers?: Readonly<Record<string, string>>): Reply {
  return { kind: 'reply', status, ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) };
}

/** Work inside the transaction of a write, after its result is known. Rolls the write back when it rejects. */
export type InTransaction<T> = (tx: Transaction, result: T) => Promise<void>;

/** The request of a handler, parsed by the route's schemas. The actor is that of the API key. */
export interface RouteRequest<Params, Query, Body> {
  readonly actor: Actor;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The file of a route that declares one, where it came as a form. */
  readonly upload: Upload | undefined;
  /** Lower-case header names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly requestId: string;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /**
   * Creates the step that stores the answer for the Idempotency-Key. The service runs it in the transaction of the write, so
   * that a crash leaves both or neither. There is none when the client sent no key.
   */
  readonly once: <T>(present: (result: T) => Reply) => InTransaction<T> | undefined;
}

export type HttpMethod = 'get' | 'post' | 'patch' | 'delete';

export interface DeclaredReply {
  readonly description: string;
  /** The schema of the body; absent for 204. */
  readonly schema?: z.ZodType;
  /** Headers of this answer besides those of every answer: name to description. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface RouteDeclaration<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly method: HttpMethod;
  /** Path below /api/v1, express style: `/articles/:id`. */
  readonly path: `/${string}`;
  /** The lowest role that may call it. */
  readonly role: Role;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /**
   * A file that a client may send instead of JSON: then the body is a form (`multipart/form-data`), whose other parts are the
   * fields of the body. The schema of the body must be a plain object without refinements.
   */
  readonly upload?: DeclaredUpload;
  /** Request headers that the handler reads, for the document: name to description. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /** Successful answers by status. */
  readonly replies: Readonly<Record<number, DeclaredReply>>;
  /** Codes that the handler itself answers. The codes of authentication, parsing and limits are added to every route. */
  readonly problems: readonly ProblemCode[];
  /** Whether the route takes an Idempotency-Key (POST only). */
  readonly idempotent?: boolean;
  /**
   * Fields of the answer that are shown once, as dotted paths (`data.key`). They are never stored: a repetition with the same
   * Idempotency-Key shows null instead.
   */
  readonly secretFields?: readonly string[];
  handle(request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<Reply | Problem>;
}

/** A declared route. Its validation, its part of the OpenAPI document and its mounting derive from it. */
export type Route = RouteDeclaration<z.ZodType, z.ZodType, z.ZodType>;

/** Declares a route, with the handler's request typed from its schemas. */
export function route<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(declaration: RouteDeclaration<Params, Query, Body>): Route {
  return declaration;
}
