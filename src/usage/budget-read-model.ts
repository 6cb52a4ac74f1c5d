/**
 * The tenant's monthly token budget as an SQL expression, for a statement with the binding `:tenantId`; null for none. Inside
 * the statement that reserves, so that no other budget is read than the one that counts.
 */
export const budgetSql = '(select monthly_token_budget from llm_settings where tenant_id = :tenantId)';
