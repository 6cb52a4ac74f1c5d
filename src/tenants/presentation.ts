import { type Problem, problem } from '../platform/http/problem.ts';
import { type Reply, reply } from '../platform/http/route.ts';
import type { ApiKey, ApiKeyCreation, CreatedTenant, IssuedApiKey } from './service.ts';

/** An API key as clients see it. */
export function presentApiKey(apiKey: ApiKey) {
  return {
    id: apiKey.id,
    label: apiKey.label,
    role: apiKey.role,
    hint: `...${apiKey.hint}`,
    created_at: apiKey.createdAt,
    expires_at: apiKey.expiresAt,
    revoked_at: apiKey.revokedAt,
    last_used_at: apiKey.lastUsedAt,
  };
}

/** The answer that shows a key just made. */
export function replyWithKey(apiKey: IssuedApiKey): Reply {
  return reply(201, { data: { ...presentApiKey(apiKey), key: apiKey.key } });
}

/** The answer that shows a tenant just made and its first keys. */
export function replyWithTenant({ tenant, keys }: CreatedTenant): Reply {
  return reply(201, {
    data: {
      tenant: { id: tenant.id, slug: tenant.slug, name: tenant.name, created_at: tenant.createdAt },
      keys: { agent: keys.agent.key, orchestrator: keys.orchestrator.key, user: keys.user.key },
    },
  });
}

/** The answer to a request for a key, by whomever. */
export function answerKeyCreation(creation: ApiKeyCreation): Reply | Problem {
  switch (creation.kind) {
    case 'created':
      return replyWithKey(creation.apiKey);
    case 'no_such_tenant':
      return problem('not_found', 'There is no such tenant.');
    case 'role_too_high':
      return problem('forbidden', 'A key can make keys of its own role and lower ones only.');
    default:
      return creation satisfies never;
  }
}
