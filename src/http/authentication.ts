import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import type { Actor } from '../domain/actor.ts';
import { allows } from '../domain/roles.ts';
import { type Problem, problem } from '../platform/http/problem.ts';
import type { Route } from '../platform/http/route.ts';

export interface AuthenticationDeps {
  /** The actor of a key; undefined for a key that is unknown, expired or revoked. `address` is the client's. */
  readonly authenticate: (presentedKey: string, address: string) => Promise<Actor | undefined>;
  /** The superadmin's key; without it the superadmin cannot log in. */
  readonly adminApiKey?: string | undefined;
}

export type Authenticated =
  | { readonly kind: 'actor'; readonly actor: Actor }
  /** The presented key is not valid. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** No key was presented. */
  | { readonly kind: 'anonymous'; readonly problem: Problem };

/** The superadmin belongs to no tenant: its tenant id is the nil uuid, which no row has. */
export const superadmin: Actor = {
  tenantId: '00000000-0000-0000-0000-000000000000',
  keyId: null,
  label: 'superadmin',
  role: 'superadmin',
};

const bearer = /^Bearer +([!-~]{1,512}) *$/i;

/** Authenticates a request by its Authorization header. Only this function reads that header. */
export function createAuthentication(deps: AuthenticationDeps): (request: Request) => Promise<Authenticated> {
  const adminDigest = deps.adminApiKey === undefined ? undefined : digest(deps.adminApiKey);

  return async (request) => {
    const header = request.headers.authorization;
    if (header === undefined) {
      return {
        kind: 'anonymous',
        problem: unauthorized(
          'The request needs an API key: Authorization: Bearer lk_…',
          'Bearer realm="lorekeep"',
        ),
      };
    }
    if (!/^Bearer /i.test(header)) {
      return {
        kind: 'refused',
        problem: unauthorized(
          'The Authorization header has another scheme. Send the API key as Authorization: Bearer lk_…',
          'Bearer realm="lorekeep"',
        ),
      };
    }
    const key = bearer.exec(header)?.[1];
    if (key !== undefined) {
      // Digests have one length, which timingSafeEqual requires, and do not reveal the length of the key.
      if (adminDigest && timingSafeEqual(adminDigest, digest(key)))
        return { kind: 'actor', actor: superadmin };
      const actor = await deps.authenticate(key, request.ip ?? 'unknown');
      if (actor) return { kind: 'actor', actor };
    }
    return {
      kind: 'refused',
      problem: unauthorized(
        'The API key is unknown, expired or revoked.',
        'Bearer realm="lorekeep", error="invalid_token"',
      ),
    };
  };
}

/** The problem of an actor that may not call the route; undefined when it may. */
export function refusalOf(actor: Actor, route: Route): Problem | undefined {
  if (!allows(actor.role, route.role)) {
    return problem(
      'forbidden',
      `This call needs the role ${route.role}${route.role === 'superadmin' ? '' : ' or a higher one'}; the key has the role ${actor.role}.`,
    );
  }
  if (actor.role === 'superadmin' && route.role !== 'superadmin') {
    return problem(
      'forbidden',
      "The superadmin belongs to no tenant and cannot read or write a tenant's data. Use one of the tenant's own keys.",
    );
  }
  return undefined;
}

function unauthorized(detail: string, challenge: string): Problem {
  return problem('unauthorized', detail, { headers: { 'WWW-Authenticate': challenge } });
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
