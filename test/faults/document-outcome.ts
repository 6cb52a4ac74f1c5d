import type { DocumentTenant } from './document-tenants.ts';
import type { RealService } from './real-service.ts';

/** What is true of a tenant with one document, one review or one merge after a kill. A case states all of it. */
export interface DocumentOutcome {
  /** The status of the job or the review; of a merge, what the client was answered. */
  readonly status: string;
  /** Articles that were made of it. */
  readonly articles: number;
  /** Titles that more than one of them has. */
  readonly twice: number;
  /** Requests that reached the provider. */
  readonly calls: number;
  /** Of those, the ones that are on the provider's bill. */
  readonly billed: number;
  /** Call records of answers that came, as the ledger has them. */
  readonly ledger: number;
  /** Calls of which the kill has left no outcome, once they are closed. */
  readonly unknown: number;
  /** Tokens that are held back from the budget. */
  readonly reserved: number;
}

/** Reads an outcome once everything is at rest; `status` and the articles beside the document's own come from the case. */
export async function readDocumentOutcome(
  { owner, twin }: RealService,
  { id, modelKey }: DocumentTenant,
  status: string,
  others = 0,
): Promise<DocumentOutcome> {
  const calls = twin.callsOf(modelKey);
  const { rows } = await owner.query<Omit<DocumentOutcome, 'status' | 'calls' | 'billed'>>(
    `select (select count(*)::int - $2::int from articles where tenant_id = $1) as articles,
            (select count(*)::int from (
               select 1 from articles where tenant_id = $1 group by title having count(*) > 1) as t) as twice,
            (select count(*)::int from usage_ledger l join provider_calls c on c.tenant_id = l.tenant_id and c.id = l.call_id
              where l.tenant_id = $1 and c.outcome = 'ok') as ledger,
            (select count(*)::int from provider_calls where tenant_id = $1 and outcome = 'unknown') as unknown,
            coalesce((select sum(reserved_tokens)::int from monthly_usage where tenant_id = $1), 0) as reserved`,
    [id, others],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('no outcome was read');
  return { status, ...row, calls: calls.length, billed: calls.filter(({ billed }) => billed).length };
}
