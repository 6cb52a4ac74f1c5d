/**
 * The tenant's monthly token budget as an SQL expression, for a statement that binds `:tenantId`; null for no budget.
 * The statement that reserves reads it itself, so that no other budget is read than the one that counts.
 */
export const budgetSql = '(select monthly_token_budget from llm_settings where tenant_id = :tenantId)';

/**
 * The daily token budget of the API key `:apiKeyId`, in the same way; null for no budget, and for a call of no key. A revoked or expired
 * key has none: nobody would raise it, and what the key wrote would wait for ever.
 */
export const keyBudgetSql = `(select daily_token_budget from api_keys
                               where tenant_id = :tenantId and id = :apiKeyId::uuid
                                 and revoked_at is null and (expires_at is null or expires_at > now()))`;
