/**
 * The tenant's monthly token budget as an SQL expression, for a statement that binds `:tenantId`; null for no budget.
 * The statement that reserves reads it itself, so that no other budget is read than the one that counts.
 */
export const budgetSql = '(select monthly_token_budget from llm_settings where tenant_id = :tenantId)';
