import type { z } from 'zod';
import { type Problem, problem } from '../platform/http/problem.ts';
import { type Reply, reply } from '../platform/http/route.ts';
import type { newApiKeySchema } from './schemas.ts';
import type { ApiKey, ApiKeyCreation, ApiKeyRequest, CreatedTenant, IssuedApiKey } from './service.ts';

/** A request for a new key, from its body. */
export function readKeyRequest(body: z.output<typeof newApiKeySchema>): ApiKeyRequest {
  const { label, role, expires_at: expiresAt, daily_token_budget: dailyTokenBudget } = body;
  return { label, role, expiresAt, dailyTokenBudget };
}

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
    daily_token_budget: apiKey.dailyTokenBudget,
  };
}

/** The answer that shows a new key. */
export function replyWithKey(apiKey: IssuedApiKey): Reply {
  return reply(201, { data: { ...presentApiKey(apiKey), key: apiKey.key } });
}

/** The answer that shows a new tenant and its first keys. */
export function replyWithTenant({ tenant, keys }: CreatedTenant): Reply {
  return reply(201, {
    data: {
      tenant: { id: tenant.id, slug: tenant.slug, name: tenant.name, created_at: tenant.createdAt },
      keys: { agent: keys.agent.key, orchestrator: keys.orchestrator.key, user: keys.user.key },
    },
  });
}

/** The answer to a request for a new key, from a tenant or the superadmin. */
export function answerKeyCreation(creation: ApiKeyCreation): Reply | Problem {
  switch (creation.kind) {
    case 'created':
      return replyWithKey(creation.apiKey);
    case 'no_such_tenant':
      return problem('not_found', 'The tenant does not exist.');
    case 'role_too_high':
      return problem('forbidden', 'A key can create keys of its own role and of lower roles only.');
    default:
      return creation satisfies never;
  }
}
